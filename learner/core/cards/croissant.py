"""The data card as Croissant: JSON-LD that says what is in each table, and how it came about.

Croissant 1.1, and its vocabulary for responsible AI 1.0: croissant-spec.html and croissant-rai-spec.html under
https://docs.mlcommons.org/croissant/docs/. Written by hand: the reference library brings 225 MB.
"""

import json
import re
from typing import Any, Final

from learner.core.cards.bias import bias_sentence, limit_words
from learner.core.cards.columns import TABLES, column_words
from learner.core.cards.facts import CardFacts, ColumnFacts, Interval, TableFacts, in_order
from learner.core.cards.sections import LICENCES, licence_known
from learner.core.cards.wording import METHODS, STREAMS, annotation_words, limitations, number

CONFORMS: Final = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
CONTEXT: Final = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES: Final = {
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "int32": "cr:Int32",
    "int64": "cr:Int64",
    "float64": "cr:Float64",
}


SPLIT_KINDS: Final = {
    "train": "cr:TrainingSplit",
    "validation": "cr:ValidationSplit",
    "test": "cr:TestSplit",
    "holdout": "cr:TestSplit",
}
SPLIT_OF_ITEMS: Final = {
    "dataType": ["sc:Text", "cr:Split"],
    "references": {"field": {"@id": "splits/name"}},
}


def croissant(facts: CardFacts) -> str:
    """The JSON-LD in its one spelling; file names are relative to the directory that it lies in."""
    whole = [table for table in facts.tables if not table.split]
    said = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS),
        "name": re.sub(r"[^A-Za-z0-9_.-]", "-", f"{facts.slug}-v{facts.number}"),
        "description": _description(facts),
        "url": f"urn:crossguard:{facts.slug}:{facts.version}",
        "version": facts.version,
        "license": _licence(facts),
        "datePublished": facts.state_as_of[:10],
        "citeAs": f"{facts.project}, snapshot v{facts.number}, state as of {facts.state_as_of}.",
        "creator": {"@type": "sc:Organization", "name": facts.project},
        "keywords": ["web content safety", "K-12", "multi-label", "active learning"],
        **_responsible(facts),
        "distribution": [_file(table) for table in facts.tables],
        "recordSet": [_categories(facts), _splits(facts), *(_record_set(facts, table) for table in whole)],
    }
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def _description(facts: CardFacts) -> str:
    about = facts.description or "The project has no description."
    return f"{about}\n\n{bias_sentence(facts)} Shares in this dataset are not those of the web."


def _licence(facts: CardFacts) -> str:
    text = facts.written_in("licence")
    known = licence_known(text)
    return LICENCES[known] if known else text or "Not given."


def _responsible(facts: CardFacts) -> dict[str, object]:
    """The fields for responsible AI; those that only people can write are left out where they wrote nothing."""
    said = {**_collected(facts), **_annotated(facts), **_meant(facts)}
    return {f"rai:{name}": value for name, value in said.items() if value}


def _collected(facts: CardFacts) -> dict[str, object]:
    """Where the pages come from, and what was done to them before anybody judged."""
    days = (facts.pictures.first_judgment, facts.pictures.last_judgment)
    return {
        "dataCollection": "Addresses and page evidence (title, description, text) were taken in from files; "
        f"nothing was fetched. Sources: {', '.join(source or 'not given' for source in facts.sources)}.",
        "dataCollectionType": ["Web pages", "Human judgments", "Active learning"],
        "dataCollectionMissingData": f"{facts.n_left_out:,} items are resolved as not labelled and are left out.",
        "dataCollectionRawData": "Stored evidence of the pages: title, description and text as of its capture.",
        "dataCollectionTimeFrame": [day for day in days if day],
        "dataPreprocessingProtocol": [
            "Addresses are spelled in one way, text is cut to what the evidence keeps, one site is on one side of the "
            "split, and labels are carried to the newest taxonomy: what that cannot tell is null."
        ],
    }


def _annotated(facts: CardFacts) -> dict[str, object]:
    """Who judged, by which rules, and how far they agreed."""
    return {
        "dataAnnotationProtocol": [
            f"Taxonomy version {facts.taxonomy}, guideline version {facts.guideline}. Nobody sees another person's "
            "judgment, or a classifier's guess, before their own. Each category is present, unsure or absent.",
            *(f"{method}: {n:,} items; {METHODS.get(method, '')}" for method, n in facts.methods.items()),
        ],
        "dataAnnotationPlatform": ["Crossguard"],
        "dataAnnotationAnalysis": [
            f"{category.name}: Krippendorff's alpha {_measured(category.alpha)}"
            for category in facts.categories
        ],
        "annotationsPerItem": annotation_words(facts),
        "annotatorDemographics": _given(facts, "annotators"),
        "machineAnnotationTools": [
            "A classifier chose which items of the query and rare streams were judged. It labelled none of them."
        ],
    }


def _meant(facts: CardFacts) -> dict[str, object]:
    """How the dataset is bent, what it is for, and who keeps it."""
    kept = (facts.written_in("maintenance"), facts.written_in("contact"))
    streams = (
        f"{row.stream or 'none'}: {row.n_items:,} items; {STREAMS.get(row.stream, '')}"
        for row in facts.streams
    )
    return {
        "dataBiases": [bias_sentence(facts), *streams, *limit_words()],
        "dataUseCases": _given(facts, "intended-use"),
        "dataLimitations": [*limitations(facts), *_given(facts, "out-of-scope-use")],
        "dataSocialImpact": facts.written_in("ethical-notes"),
        "personalSensitiveInformation": [
            "Pages may show adult content, violence, self-harm and hate, and may name people. Annotators appear under "
            "pseudonyms."
        ],
        "dataReleaseMaintenancePlan": "\n\n".join(text for text in kept if text),
    }


def _given(facts: CardFacts, section: str) -> list[str]:
    text = facts.written_in(section)
    return [text] if text else []


def _measured(estimate: Interval) -> str:
    return f"{number(estimate)}, n={estimate.n_items:,}"


def _file(table: TableFacts) -> dict[str, Any]:
    cut = (
        f" Only the rows of the split {table.split}; they are in the whole table too." if table.split else ""
    )
    return {
        "@type": "cr:FileObject",
        "@id": table.file,
        "name": table.file,
        "description": f"{TABLES.get(table.name, '')}{cut}".strip() or table.name,
        "contentUrl": table.file,
        "contentSize": f"{table.n_bytes} B",
        "encodingFormat": "application/x-parquet",
        "sha256": table.sha256,
    }


def _categories(facts: CardFacts) -> dict[str, Any]:
    """The categories as an enumeration whose rows are in the file itself."""
    columns = ("slug", "name", "definition", "severity", "cipa")
    kinds = {"severity": "sc:Integer", "cipa": "sc:Boolean"}
    return {
        "@type": "cr:RecordSet",
        "@id": "taxonomy",
        "name": "taxonomy",
        "description": f"The categories of taxonomy version {facts.taxonomy}.",
        "dataType": "sc:Enumeration",
        "key": {"@id": "taxonomy/slug"},
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"taxonomy/{column}",
                "name": column,
                "dataType": kinds.get(column, "sc:Text"),
            }
            for column in columns
        ],
        "data": [
            {f"taxonomy/{column}": getattr(category, column) for column in columns}
            for category in facts.categories
        ],
    }


def _splits(facts: CardFacts) -> dict[str, Any]:
    """The splits as the specification has them: each name, and what a program is to take it for."""
    names = [name for name in in_order(facts.splits) if name in SPLIT_KINDS]
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "What each split is for. The column `split` of the items names it.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [
            {"@type": "cr:Field", "@id": "splits/name", "name": "name", "dataType": "sc:Text"},
            {"@type": "cr:Field", "@id": "splits/url", "name": "url", "dataType": ["sc:URL", "cr:Split"]},
        ],
        "data": [{"splits/name": name, "splits/url": SPLIT_KINDS[name]} for name in names],
    }


def _record_set(facts: CardFacts, table: TableFacts) -> dict[str, Any]:
    splits = f" Splits: {', '.join(in_order(facts.splits))}." if table.name == "items" else ""
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": f"{TABLES.get(table.name, '')}{splits}".strip() or table.name,
        "field": [_field(facts, table, column) for column in table.columns],
    }


def _field(facts: CardFacts, table: TableFacts, column: ColumnFacts) -> dict[str, Any]:
    inner = column.dtype.removeprefix("list<").removesuffix(">")
    array = {"isArray": True, "arrayShape": "-1"} if inner != column.dtype else {}
    kind = "sc:DateTime" if inner.startswith("timestamp") else TYPES.get(inner, "sc:Text")
    return {
        "@type": "cr:Field",
        "@id": f"{table.name}/{column.name}",
        "name": column.name,
        "description": column_words(facts, table.name, column.name) or column.name,
        "dataType": "sc:URL" if column.name == "url" else kind,
        **array,
        **(SPLIT_OF_ITEMS if (table.name, column.name) == ("items", "split") else {}),
        "source": {"fileObject": {"@id": table.file}, "extract": {"column": column.name}},
    }
