"""``evaluate``: how well models find held-out likes of a file, with no crawl."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline.commands import Subparsers
from pipeline.dataset.columns import ITEM_ID, PAIR
from pipeline.dataset.features import item_features
from pipeline.dataset.matrix import dataset_from
from pipeline.dataset.splits import SplitKind, split_interactions
from pipeline.dataset.world import World, read_world
from pipeline.errors import InputError
from pipeline.evaluation.aligning import aligned
from pipeline.evaluation.protocol import HeldOut, evaluate
from pipeline.evaluation.report import evaluation_markdown
from pipeline.evaluation.rows import evaluation_rows
from pipeline.files import write_frame
from pipeline.options import (
    BUDGET_S,
    MOST_SEED,
    MOST_THREADS,
    NAMES,
    listed,
    model_faults,
    output_faults,
    range_faults,
    seconds_faults,
)
from pipeline.recommenders.params_file import ParamsFile, read_params_file
from pipeline.recommenders.registry import recommender
from pipeline.settings import read_settings
from pipeline.tuning.budget import Budget

__all__ = ["add_parser", "run"]

_INPUTS: Final = ("likes", "items", "params")
_AUTO: Final = "auto"
_SPLITS: Final = (_AUTO, SplitKind.RANDOM.value, SplitKind.TEMPORAL.value)
_DEFAULT: Final = "default"
_OLD_POSTS: Final = SplitKind.REC_A_SKETCH.value

_DESCRIPTION: Final = """
Hold likes of a file out, choose parameters of models without them, and print how well each
model finds them, with intervals.  A model with a table in --params keeps those settings.
--protocol rec-a-sketch is for comparison with old posts alone: of a fifth of the users with at
least 10 likes, 5 likes are held out, known likes stay in the lists, and Precision@5 is the
figure to look at.
"""


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``evaluate``."""
    parser = subparsers.add_parser(
        "evaluate", help="judge models on held-out likes of a file", description=_DESCRIPTION
    )
    add = parser.add_argument
    add("--likes", required=True, type=Path, help="who likes what; Parquet or CSV")
    add("--items", type=Path, help="the catalogue, cold items included")
    add("--model", required=True, help=f"names, separated by commas: {NAMES}")
    add("--params", type=Path, help="TOML, a table a model: parameters that are not chosen")
    add("--protocol", choices=(_DEFAULT, _OLD_POSTS), default=_DEFAULT, help="how it is judged")
    add("--split", choices=_SPLITS, default=_AUTO, help="auto: by time where times are known")
    add("--seed", type=int, default=0, help="seed of split, fits and intervals; default 0")
    add("--budget-s", type=float, help="seconds for choosing parameters; default 600")
    add("--threads", type=int, help="more than one may not repeat figures; default all processors")
    add("--out", type=Path, help="figures as rows; .parquet or .csv")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report; write the rows where a file is named for them.

    Raises
    ------
    InputError : every fault of options and files.
    """
    threads = read_settings().threads if args.threads is None else args.threads
    params = ParamsFile({}) if args.params is None else read_params_file(args.params)
    faults = [*_option_faults(args, threads), *params.faults]
    held_out = _held_out(_read(args, faults), args)
    names = listed(args.model)
    fixed = params.models
    evaluation = evaluate(
        [fixed.get(name) or recommender(name)() for name in names],
        held_out,
        budget=None if set(names) <= set(fixed) else Budget(args.budget_s or BUDGET_S),
        fixed=fixed,
        seen_left_in=args.protocol == _OLD_POSTS,
        threads=threads,
    )
    sys.stdout.write(aligned(evaluation_markdown(evaluation)) + "\n")
    if args.out is not None:
        rows = evaluation_rows(evaluation, evaluated_at=datetime.now(UTC))
        try:
            write_frame(rows, args.out)
        except OSError as err:
            raise InputError([f"{args.out}: cannot be written: {err}"]) from err
        sys.stdout.write(f"\n{args.out}: {len(rows)} rows\n")
    return 0


def _option_faults(args: argparse.Namespace, threads: int) -> Iterator[str]:
    yield from model_faults(listed(args.model))
    yield from range_faults(
        (("--seed", args.seed, 0, MOST_SEED), ("--threads", threads, 1, MOST_THREADS))
    )
    yield from seconds_faults("--budget-s", args.budget_s)
    if args.protocol == _OLD_POSTS and args.split == SplitKind.TEMPORAL:
        yield f"--split {args.split}: --protocol {_OLD_POSTS} has a split of its own; leave it out"
    inputs = {name: getattr(args, name) for name in _INPUTS if getattr(args, name) is not None}
    yield from output_faults({} if args.out is None else {"out": args.out}, inputs)


def _read(args: argparse.Namespace, faults: list[str]) -> World:
    try:
        world = read_world(args.likes, items=args.items)
    except InputError as err:
        raise InputError([*faults, *err.faults]) from err
    if faults:
        raise InputError(faults)
    for note in world.notes:
        sys.stderr.write(f"note: {note}\n")
    return world


def _held_out(world: World, args: argparse.Namespace) -> HeldOut:
    kind = None if args.split == _AUTO else SplitKind(args.split)
    if args.protocol == _OLD_POSTS:
        kind = SplitKind.REC_A_SKETCH
    try:
        split = split_interactions(world.likes, seed=args.seed, kind=kind)
    except ValueError as err:
        raise InputError([f"--split {args.split}: {err}"]) from err
    dataset = dataset_from(
        world.likes.select(PAIR),
        item_ids=() if world.items is None else world.items[ITEM_ID],
        item_features=None if world.items is None else item_features(world.items),
    )
    return HeldOut.of(dataset, split.parts, kind=split.kind.value, seed=split.seed)
