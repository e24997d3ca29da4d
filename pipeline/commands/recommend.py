"""``recommend``: recommendations for likes from a file, with no crawl."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pipeline.commands import Subparsers
from pipeline.dataset.world import World, read_world
from pipeline.errors import InputError
from pipeline.files import write_frames
from pipeline.options import (
    BUDGET_S,
    MOST_SEED,
    MOST_THREADS,
    NAMES,
    is_same,
    listed,
    model_faults,
    output_faults,
    range_faults,
    seconds_faults,
)
from pipeline.recommend import Fitting, Recommended, recommend
from pipeline.recommenders.base import Recommender
from pipeline.recommenders.params_file import ParamsFile, read_params_file
from pipeline.settings import read_settings
from pipeline.tuning.budget import Budget

__all__ = ["add_parser", "run"]

_MOST_K: Final = 1000
_INPUTS: Final = ("likes", "items", "candidates", "validation", "params")
_OUTPUTS: Final = ("out", "similar")

_DESCRIPTION: Final = """
Learn from the likes of a file and write what to recommend to each of its users.  Files are
Parquet or CSV; likes need user_handle and item_id; items need item_id and may have title,
creator, tags and categories.  A model without a table in --params has its parameters chosen
on --validation, or on a tenth of each user's likes; it is then fitted on all of --likes.
With --threads 1 and parameters from --params (or --budget-trials alone) the same input gives
the same bytes.
"""


def add_parser(subparsers: Subparsers[argparse.ArgumentParser]) -> None:
    """Add ``recommend``."""
    parser = subparsers.add_parser(
        "recommend", help="recommend for likes from a file", description=_DESCRIPTION
    )
    add = parser.add_argument
    add("--likes", required=True, type=Path, help="who likes what")
    add("--items", type=Path, help="the catalogue, cold items included")
    add("--model", required=True, help=f"names, separated by commas: {NAMES}")
    add("--k", type=int, default=20, help=f"length of the lists, 1 to {_MOST_K}; default 20")
    add("--out", required=True, type=Path, help="lists of users; .parquet or .csv")
    add("--similar", type=Path, help="lists of items beside items; .parquet or .csv")
    add("--candidates", type=Path, help="file with item_id: nothing else is listed")
    add("--validation", type=Path, help="likes by which parameters are chosen")
    add("--weights", action="store_true", help="learn from the column weight, as log(1 + weight)")
    add("--budget-s", type=float, help="seconds for choosing parameters and fitting; default 600")
    add("--budget-trials", type=int, help="trials a model; alone it lifts the limit of time")
    add("--seed", type=int, default=0, help="seed of splits and fits; default 0")
    add("--threads", type=int, help="more than one may not repeat bytes; default all processors")
    add("--params", type=Path, help="TOML, a table a model: parameters that are not chosen")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the lists, or nothing where anything that was given is wrong.

    Raises
    ------
    InputError : every fault of options and files.
    """
    threads = read_settings().threads if args.threads is None else args.threads
    params = ParamsFile({}) if args.params is None else read_params_file(args.params)
    faults = [*_option_faults(args, threads), *_path_faults(args), *params.faults]
    world = _read(args, faults)
    result = recommend(world, listed(args.model), _fitting(args, threads, params.models))
    _write(args, result)
    _report(args, result, params.models)
    return 0


def _read(args: argparse.Namespace, faults: list[str]) -> World:
    try:
        world = read_world(
            args.likes,
            items=args.items,
            validation=args.validation,
            candidates=args.candidates,
            weights=args.weights,
        )
    except InputError as err:
        raise InputError([*faults, *err.faults]) from err
    if faults:
        raise InputError(faults)
    return world


def _option_faults(args: argparse.Namespace, threads: int) -> Iterator[str]:
    yield from model_faults(listed(args.model))
    yield from range_faults(
        (
            ("--k", args.k, 1, _MOST_K),
            ("--seed", args.seed, 0, MOST_SEED),
            ("--threads", threads, 1, MOST_THREADS),
            ("--budget-trials", args.budget_trials, 1, None),
        )
    )
    yield from seconds_faults("--budget-s", args.budget_s)


def _path_faults(args: argparse.Namespace) -> Iterator[str]:
    inputs = {name: getattr(args, name) for name in _INPUTS if getattr(args, name) is not None}
    outputs = {name: getattr(args, name) for name in _OUTPUTS if getattr(args, name) is not None}
    yield from output_faults(outputs, inputs)
    if len(outputs) == len(_OUTPUTS) and is_same(args.out, args.similar):
        yield f"--similar {args.similar}: is the file of --out too; name another"


def _fitting(args: argparse.Namespace, threads: int, fixed: Mapping[str, Recommender]) -> Fitting:
    by_trials = args.budget_trials is not None and args.budget_s is None
    seconds = None if by_trials else args.budget_s or BUDGET_S
    return Fitting(
        k=args.k,
        seed=args.seed,
        threads=threads,
        budget=Budget(seconds=seconds, trials=args.budget_trials),
        fixed=fixed,
        similar=args.similar is not None,
    )


def _write(args: argparse.Namespace, result: Recommended) -> None:
    """Both files, or neither."""
    frames = {args.out: result.for_users}
    if result.similar is not None:
        frames[args.similar] = result.similar
    try:
        write_frames(frames)
    except OSError as err:
        names = " and ".join(str(path) for path in frames)
        raise InputError([f"{names}: cannot be written: {err}"]) from err


def _report(
    args: argparse.Namespace, result: Recommended, fixed: Mapping[str, Recommender]
) -> None:
    for note in result.notes:
        sys.stderr.write(f"note: {note}\n")
    used = {*result.models, *(part for model in result.models.values() for part in _within(model))}
    for name in fixed:
        if name not in used:
            sys.stderr.write(f"note: {args.params}: the table of {name} is not used\n")
    for name, model in result.models.items():
        sys.stdout.write(f"{name}: {json.dumps(model.described)}\n")
    sys.stdout.write(f"{args.out}: {len(result.for_users)} rows\n")
    if result.similar is not None:
        sys.stdout.write(f"{args.similar}: {len(result.similar)} rows\n")


def _within(model: Recommender) -> Iterator[str]:
    """Names of a model and of all that stand within it."""
    yield model.name
    for part in model.within:
        yield from _within(part)
