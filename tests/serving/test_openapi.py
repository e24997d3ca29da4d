import json

from serving.problems import PROBLEM_MEDIA_TYPE


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_leads_somewhere(client):
    document = client.get("/openapi.json").json()
    named = {reference.removeprefix("#/components/schemas/") for reference in references(document)}
    assert named == set(document["components"]["schemas"])


def test_every_error_is_a_problem(client):
    document = client.get("/openapi.json").json()
    errors = [
        response["content"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if status >= "400"
    ]
    assert errors
    assert all(list(content) == [PROBLEM_MEDIA_TYPE] for content in errors)
    assert "HTTPValidationError" not in json.dumps(document)


def test_parameters_are_described(client):
    for methods in client.get("/openapi.json").json()["paths"].values():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                assert parameter["description"]
