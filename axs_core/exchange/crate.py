"""``ro-crate-metadata.json``: what an archive of results is, for people and machines that do not know axs.

RO-Crate 1.1 with the Process Run Crate profile 0.5 (https://w3id.org/ro/wfrun/process/0.5): one CreateAction for each
run, with the recipe as its instrument, needs and parameters as its objects, and the entry's folder as its result. All
of it comes from the records; the graph is sorted, so that the same content gives the same text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from axs_core.base.digest import of_value
from axs_core.entry import Record
from axs_core.exchange.manifest import CRATE, About, in_words
from axs_core.exchange.selection import Travelling

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

VERSION = "1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_ORCID = re.compile(r"https?://orcid\.org/[\dX-]+")
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)")
_EPOCH = "1980-01-01T00:00:00+00:00"


def crate_text(about: About, entries: Iterable[Travelling]) -> str:
    """The metadata of an archive that holds ``entries``."""
    from rocrate.rocrate import ROCrate

    travelling = list(entries)
    crate = ROCrate(version=VERSION)
    _root(crate, about, travelling)
    folders = {item.name: _folder(crate, item) for item in travelling}
    for item in travelling:
        _run(crate, item, folders)
    graph = crate.metadata.generate()
    graph["@graph"] = sorted((_sorted(entity) for entity in graph["@graph"]), key=_rank)
    return json.dumps(graph, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _rank(entity: Mapping[str, Any]) -> tuple[int, str]:
    """The description of the file itself and of the whole stand first, as readers expect."""
    first = {CRATE: 0, "./": 1}
    return first.get(entity["@id"], 2), entity["@id"]


def _sorted(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Lists of references in one order; authors keep theirs."""
    return {
        key: sorted(value, key=lambda item: str(item["@id"]))
        if key != "author"
        and isinstance(value, list)
        and value
        and all(isinstance(item, dict) and "@id" in item for item in value)
        else value
        for key, value in entity.items()
    }


def _root(crate: ROCrate, about: About, entries: list[Travelling]) -> None:
    root = crate.root_dataset
    root["name"] = about.title
    root["description"] = f"{in_words(len(entries))} made by axs, with records"
    root["identifier"] = about.identifier
    root["datePublished"] = max((item.record.finished or _EPOCH for item in entries), default=_EPOCH)
    root["license"] = _license(crate, about.license)
    if about.authors:
        root["author"] = [_person(crate, author) for author in about.authors]
    profile = {"@type": "CreativeWork", "name": "Process Run Crate", "version": PROFILE.rpartition("/")[2]}
    root["conformsTo"] = _entity(crate, PROFILE, profile)


def _entity(crate: ROCrate, identifier: str, properties: Mapping[str, Any]) -> Any:
    """The entity with this identifier, added if it is not there yet."""
    from rocrate.model import ContextEntity

    return crate.get(identifier) or crate.add(ContextEntity(crate, identifier, properties=dict(properties)))


def _license(crate: ROCrate, license: str) -> Any:
    """An SPDX identifier as an entity; an expression, or nothing known, as SPDX writes it."""
    if not re.fullmatch(r"[A-Za-z0-9.+-]+", license):
        return license or "NOASSERTION"
    properties = {"@type": "CreativeWork", "name": license, "identifier": license}
    return _entity(crate, f"https://spdx.org/licenses/{license}", properties)


def _person(crate: ROCrate, author: str) -> Any:
    """``Name <https://orcid.org/...>`` or a plain name."""
    orcid = _ORCID.search(author)
    name = re.sub(r"[<(].*?[>)]", "", author).strip() or author
    return _entity(crate, orcid[0] if orcid else f"#person-{_slug(name)}", {"@type": "Person", "name": name})


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text).strip("-")


def _folder(crate: ROCrate, item: Travelling) -> Any:
    """An entry's folder in the archive."""
    meta = item.entry.meta
    properties = {"name": meta.get("title", item.name), "keywords": ", ".join(sorted(item.entry.tags))}
    if meta.get("license"):
        properties["license"] = _license(crate, meta["license"])
    return crate.add_dataset(dest_path=f"{item.place}/", properties=properties)


def _run(crate: ROCrate, item: Travelling, folders: Mapping[str, Any]) -> None:
    """How an entry came about."""
    record = item.record
    machine = record.machine.get("name")
    action = {
        "name": record.query or item.name,
        **({"startTime": record.started} if record.started else {}),
        **({"endTime": record.finished} if record.finished else {}),
        **({"description": f"on {machine}"} if machine else {}),
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
    }
    crate.add_action(
        instrument=_instrument(crate, record),
        identifier=f"#run-{item.name}",
        object=[*_inputs(crate, record, folders), *_parameters(crate, item)] or None,
        result=[folders[item.name]],
        properties=action,
    )


def _instrument(crate: ROCrate, record: Record) -> Any:
    """The recipe, at the version that its digest tells, with axs and the Python packages that it ran on."""
    name = record.recipe or "axs"
    digest = record.recipes.get(name, {}).get("digest", "")
    packages = sorted({str(line) for frozen in record.packages.values() for line in frozen})
    properties = {
        "@type": "SoftwareApplication",
        "name": name,
        **({"softwareVersion": digest} if digest else {}),
        "softwareRequirements": [_axs(crate, record), *filter(None, (_package(crate, line) for line in packages))],
    }
    with_packages = of_value([packages, record.axs])
    return _entity(crate, f"#recipe-{name}-{digest[:12]}-{with_packages[:8]}", properties)


def _axs(crate: ROCrate, record: Record) -> Any:
    properties = {"@type": "SoftwareApplication", "name": "axs", "softwareVersion": record.axs}
    return _entity(crate, f"#axs-{record.axs}", properties)


def _package(crate: ROCrate, line: str) -> Any:
    found = _REQUIREMENT.match(line)
    if found is None:
        return None
    properties = {"@type": "SoftwareApplication", "name": found[1], "softwareVersion": found[2]}
    return _entity(crate, f"pkg:pypi/{found[1].lower()}@{found[2]}", properties)


def _inputs(crate: ROCrate, record: Record, folders: Mapping[str, Any]) -> list[Any]:
    """The needs: the folder where it is in the archive too, else what is known of it."""
    found = []
    for need in record.needs:
        name = need.entry
        if name in folders:
            found.append(folders[name])
            continue
        digest = need.digest or record.recipes.get(name, {}).get("digest", "")
        properties = {
            "@type": "CreativeWork",
            "name": name,
            **({"description": need.query} if need.query else {}),
            **({"version": digest} if digest else {}),
        }
        found.append(_entity(crate, f"#need-{name}-{digest[:12]}", properties))
    return found


def _parameters(crate: ROCrate, item: Travelling) -> list[Any]:
    return [
        _entity(
            crate,
            f"#parameter-{item.name}-{name}",
            {"@type": "PropertyValue", "name": name, "value": _plain(value)},
        )
        for name, value in item.record.values.items()
    ]


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool)) else json.dumps(value, sort_keys=True)
