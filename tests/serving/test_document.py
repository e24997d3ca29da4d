"""docs/openapi.json is the document of the routes as they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

from serving.app import create_app
from serving.document import whole_document
from serving.examples import ANSWERS, PARAMETERS
from serving.routes import search
from serving.settings import ServingSettings
from tests.factories import SITE

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "openapi.json"
REMEDY = "docs/openapi.json is stale: make openapi"


@pytest.fixture(scope="module")
def document():
    return json.loads(whole_document())


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_file_is_what_the_routes_say():
    assert FILE.read_text("utf-8") == whole_document(), REMEDY


def test_a_drift_would_be_found(monkeypatch):
    built = search.build_router

    def planted(catalog):
        router = built(catalog)
        router.add_api_route("/v1/{site}/planted", lambda: None, name="planted")
        return router

    monkeypatch.setattr(search, "build_router", planted)
    assert FILE.read_text("utf-8") != whole_document()


def test_the_command_prints_it_whatever_the_environment_says():
    told = {"LIKEWISE_DATA": "elsewhere", "LIKEWISE_ADMIN": "no", "LIKEWISE_PORT": "many"}
    command = [sys.executable, "-m", "serving", "openapi"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=True
    )
    assert done.stdout == FILE.read_text("utf-8")


def test_every_route_of_the_schema_is_in_it(document, tmp_path):
    app = create_app(ServingSettings.model_construct(data=tmp_path))
    assert set(app.openapi()["paths"]) < set(document["paths"])
    switched = {path for path in document["paths"] if path not in app.openapi()["paths"]}
    assert {path.rsplit("/", 1)[1] for path in switched} == {
        "recommendations",
        "feedback",
        "snapshots",
        "reload",
        "status",
    }


def test_it_is_of_the_same_version_on_every_commit_and_machine(document):
    assert document["openapi"].startswith("3.1")
    assert document["info"]["version"].count(".") == 2
    text = FILE.read_text("utf-8")
    assert str(ROOT) not in text
    assert str(Path.home()) not in text


def test_operations_are_described_and_named_once(document):
    named = [operation["operationId"] for _, operation in operations(document)]
    assert len(named) == len(set(named)) > 25
    for name, operation in operations(document):
        assert operation["summary"], name
        assert operation["description"], name
        for status in ("405", "414", "431", "500", "503"):
            assert operation["responses"][status]["description"], (name, status)
        if "requestBody" in operation:
            assert {"408", "413", "415", "422"} <= set(operation["responses"]), name


def test_answers_that_caches_keep_are_those_with_a_tag(document, client):
    for path in ("/v1/{site}/popular", "/v1/{site}/models", "/v1/{site}/models/{model}"):
        answers = document["paths"][path]["get"]["responses"]
        asked = path.replace("{site}", SITE).replace("{model}", "popular")
        has_tag = "etag" in client.get(asked).headers
        assert ("304" in answers) == ("headers" in answers["200"]) == has_tag, path
    assert "304" not in document["paths"]["/v1/{site}/recommendations"]["post"]["responses"]


def test_parameters_have_examples_of_their_schema(document):
    shown = set()
    for _, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            if parameter["name"] == "cursor":
                assert "example" not in parameter  # a cursor is of one snapshot
                continue
            jsonschema_rs.validate(parameter["schema"], parameter["example"])
            shown.add(parameter["name"])
    assert shown == set(PARAMETERS)


def test_examples_of_answers_are_of_their_schema(document):
    schemas = document["components"]["schemas"]
    for name, example in ANSWERS.items():
        assert schemas[name]["examples"] == [example]
        whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        jsonschema_rs.validate(whole, example)
        with pytest.raises(jsonschema_rs.ValidationError):
            jsonschema_rs.validate(whole, {**example, "planted": 1})
