"""What programs read about a finished folder: Data Package, W3C PROV, Workflow Run RO-Crate."""

import csv
import hashlib
import json
import re

import pytest

from evisynth.provenance.columns import describe
from evisynth.provenance.crate import PROFILES
from evisynth.provenance.prov import PREFIXES
from evisynth.provenance.records import history_of
from evisynth.provenance.tables import STAGE_TABLES, unguard
from evisynth.review.tables import TABLES

# Columns of results whose meaning nobody has written down yet may be this many in a hundred.
SILENT = 15


def target(root):
    return root / "results" / "mini"


@pytest.fixture
def package(finished):
    return json.loads((target(finished) / "datapackage.json").read_text(encoding="utf-8"))


def rows_of(root, resource):
    with (target(root) / resource["path"]).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [{name: unguard(value) for name, value in row.items()} for row in reader]
        return reader.fieldnames, rows


def test_every_table_of_facts_and_results_is_in_the_package(finished, package):
    paths = {resource["path"] for resource in package["resources"]}
    assert {f"checked/{spec.file}" for spec in TABLES.values()} <= paths
    there = {table for table in STAGE_TABLES if (target(finished) / table).is_file()}
    assert {table for table in there if not table.startswith("report/")} <= paths
    names = [resource["name"] for resource in package["resources"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9._-]+", name) for name in names)


def test_hashes_sizes_and_headers_are_those_of_the_files(finished, package):
    for resource in package["resources"]:
        data = (target(finished) / resource["path"]).read_bytes()
        assert resource["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert resource["bytes"] == len(data)
        names, _ = rows_of(finished, resource)
        assert [field["name"] for field in resource["schema"]["fields"]] == names


def fits(field, cell):
    if cell in field.get("missingValues", [""]):
        return not field.get("constraints", {}).get("required")
    kind, limits = field["type"], field.get("constraints", {})
    if kind in ("number", "integer", "year"):
        value = float(cell) if kind == "number" else int(cell)
        if value < limits.get("minimum", value) or value > limits.get("maximum", value):
            return False
        return "exclusiveMinimum" not in limits or value > limits["exclusiveMinimum"]
    if kind == "boolean":
        return cell in (*field["trueValues"], *field["falseValues"])
    return kind in ("string", "any") and cell in limits.get("enum", [cell])


def test_every_cell_has_the_type_and_the_bounds_that_its_field_says(finished, package):
    cells = 0
    for resource in package["resources"]:
        _, rows = rows_of(finished, resource)
        for field in resource["schema"]["fields"]:
            wrong = [row[field["name"]] for row in rows if not fits(field, row[field["name"]])]
            assert not wrong, (resource["name"], field, wrong[:3])
            cells += len(rows)
    assert cells > 1000


def test_keys_are_unique_and_links_lead_somewhere(finished, package):
    tables = {resource["name"]: rows_of(finished, resource)[1] for resource in package["resources"]}
    links = 0
    for resource in package["resources"]:
        schema, rows = resource["schema"], tables[resource["name"]]
        keys = [tuple(row[name] for name in schema["primaryKey"]) for row in rows]
        assert len(set(keys)) == len(keys), resource["name"]
        for link in schema.get("foreignKeys", ()):
            goal = {tuple(row[n] for n in link["reference"]["fields"]) for row in tables[link["reference"]["resource"]]}
            own = {tuple(row[name] for name in link["fields"]) for row in rows}
            missing = {key for key in own - goal if any(key)}
            assert not missing, (resource["name"], link, missing)
            links += 1
    assert links > 20


def test_columns_say_what_they_hold(package):
    silent, all_columns = [], 0
    for resource in package["resources"]:
        key = resource["schema"]["primaryKey"]
        for field in resource["schema"]["fields"]:
            all_columns += 1
            if not field.get("description"):
                silent.append(f"{resource['path']}:{field['name']}")
                assert not resource["path"].startswith("checked/"), "facts have their words in review/tables.py"
                assert field["name"] not in key, f"{silent[-1]}: say in evisynth/provenance/columns.py what it holds"
    assert 100 * len(silent) <= SILENT * all_columns, f"say in evisynth/provenance/columns.py what these hold: {silent}"
    assert describe("quality/certainty.csv", "level") != describe("pooled/estimates.csv", "level")
    assert describe("pooled/estimates.csv", "invented") == ""


def test_licence_and_sources_are_those_of_the_review(finished, package):
    sources = [source["title"] for source in package["sources"]]
    with (target(finished) / "checked" / "sources.csv").open(encoding="utf-8", newline="") as file:
        read = [row["citation"] for row in csv.DictReader(file) if row["read_as"] != "not read"]
    assert sources == read
    from evisynth.provenance.datapackage import licence_of

    assert licence_of({"licence": "CC BY 4.0"})["path"] == "https://creativecommons.org/licenses/by/4.0/"
    assert "path" not in licence_of({"licence": "as agreed"})


@pytest.fixture
def prov(finished):
    return json.loads((target(finished) / "provenance" / "prov.json").read_text(encoding="utf-8"))


def test_prov_relations_name_what_there_is(prov):
    things = {kind: set(prov[kind]) for kind in ("entity", "activity", "agent")}
    ends = {
        "used": {"prov:activity": "activity", "prov:entity": "entity"},
        "wasGeneratedBy": {"prov:activity": "activity", "prov:entity": "entity"},
        "wasDerivedFrom": {"prov:generatedEntity": "entity", "prov:usedEntity": "entity"},
        "wasInformedBy": {"prov:informed": "activity", "prov:informant": "activity"},
        "wasAssociatedWith": {"prov:activity": "activity", "prov:agent": "agent", "prov:plan": "entity"},
    }
    for relation, names in ends.items():
        assert prov[relation], relation
        for one in prov[relation].values():
            assert set(one) == set(names)
            assert all(one[name] in things[kind] for name, kind in names.items()), one
    named = {name.split(":")[0] for kind in things.values() for name in kind}
    assert named <= set(PREFIXES)
    assert all(agent["prov:type"]["$"] == "prov:SoftwareAgent" for agent in prov["agent"].values())


def test_prov_leads_from_an_estimate_to_the_data(finished, prov):
    before = {}
    for one in prov["wasDerivedFrom"].values():
        before.setdefault(one["prov:generatedEntity"], set()).add(one["prov:usedEntity"])
    assert before["file:results/mini/pooled/estimates.csv"] == {
        f"file:results/mini/{name}" for name in ("effects/effects.csv", "checked/plan.json")
    }, "what the rows name, and not all that the step read"
    found, todo = set(), ["file:results/mini/pooled/estimates.csv"]
    while todo:
        for origin in before.get(todo.pop(), ()):
            if origin not in found:
                found.add(origin)
                todo.append(origin)
    assert "file:data/mini/arms.csv" in found
    assert "file:results/mini/pooled/weights.csv" not in found
    digest = prov["entity"]["file:data/mini/arms.csv"]["evisynth:sha256"]
    assert digest == hashlib.sha256((finished / "data" / "mini" / "arms.csv").read_bytes()).hexdigest()


def test_nothing_is_derived_from_itself_in_a_circle(prov):
    before = {}
    for one in prov["wasDerivedFrom"].values():
        before.setdefault(one["prov:generatedEntity"], set()).add(one["prov:usedEntity"])
    done = set()

    def visit(entity, way):
        assert entity not in way, way
        if entity not in done:
            for origin in before.get(entity, ()):
                visit(origin, (*way, entity))
            done.add(entity)

    for entity in before:
        visit(entity, ())


@pytest.fixture
def crate(finished):
    return json.loads((target(finished) / "ro-crate-metadata.json").read_text(encoding="utf-8"))


def test_rocrate_reads_the_crate_back(finished, crate):
    from rocrate.rocrate import ROCrate

    found = ROCrate(str(target(finished)))
    assert found.mainEntity.id == "provenance/workflow/Snakefile"
    assert "ComputationalWorkflow" in found.mainEntity.type
    assert {profile.id for profile in found.root_dataset["conformsTo"]} == set(PROFILES)
    runs = {action.id: action for action in found.get_by_type("CreateAction")}
    assert {"#run", "#run/pool_estimates", "#run/compare_engines"} <= set(runs)
    results = {entity.id for entity in runs["#run/pool_estimates"]["result"]}
    assert "pooled/estimates.csv" in results
    assert found.dereference("pooled/estimates.csv")["description"] == "One row is a frequentist estimate."
    assert len(found.data_entities) > 50


def test_the_crate_follows_its_profiles(finished, crate):
    graph = {entity["@id"]: entity for entity in crate["@graph"]}
    assert len(graph) == len(crate["@graph"]), "every identifier stands once"

    def kinds(entity):
        return [entity["@type"]] if isinstance(entity["@type"], str) else entity["@type"]

    workflow = graph[graph["./"]["mainEntity"]["@id"]]
    assert set(kinds(workflow)) == {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"}
    tools = {tool["@id"] for tool in workflow["hasPart"]}
    for entity in crate["@graph"]:
        if "CreateAction" in kinds(entity):
            assert entity["@id"] in {one["@id"] for one in graph["./"]["mentions"]}
            assert entity["instrument"]["@id"] in tools | {workflow["@id"]}
        elif "ControlAction" in kinds(entity):
            step = graph[entity["instrument"]["@id"]]
            assert "HowToStep" in kinds(step)
            assert step["workExample"]["@id"] in tools
            assert graph[entity["object"]["@id"]]["@type"] == "CreateAction"
    (engine,) = [entity for entity in crate["@graph"] if "OrganizeAction" in kinds(entity)]
    assert engine["result"] == {"@id": "#run"}
    outside = ("http://", "https://")
    for entity in crate["@graph"]:
        for name, value in entity.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and not one["@id"].startswith(outside):
                    assert one["@id"] in graph, (entity["@id"], name, one)


def test_the_crate_lists_every_file_with_its_hash_and_nothing_of_the_run(finished, crate):
    graph = {entity["@id"]: entity for entity in crate["@graph"]}
    files = {f.relative_to(target(finished)).as_posix(): f for f in target(finished).rglob("*") if f.is_file()}
    aside = ("provenance/records/", "logs/", "provenance/run_facts/", "ro-crate-metadata.json")
    for name, file in files.items():
        if not name.startswith(aside):
            assert name in graph, name
            if "sha256" in graph[name]:
                assert graph[name]["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    text = json.dumps(crate)
    assert not re.search(r'"(startTime|endTime|datePublished|agent)"', text)
    assert str(finished) not in text


def test_the_packaging_gives_the_same_bytes_again(finished, again):
    names = ("datapackage.json", "ro-crate-metadata.json", "provenance/prov.json")
    before = [(target(finished) / name).read_bytes() for name in names]
    again(finished)
    assert [(target(finished) / name).read_bytes() for name in names] == before


def test_steps_stand_in_the_order_of_the_data(finished):
    runs = history_of(target(finished)).runs
    written = {name: i for i, run in enumerate(runs) for name in run.outputs}
    for i, run in enumerate(runs):
        assert all(written.get(name, -1) <= i for name in run.inputs), run.rule
    assert "package_results" not in {run.rule for run in runs}
    with pytest.raises(ValueError, match="no record of check_review"):
        history_of(target(finished), ["pool_estimates"])
