"""Retrieval in 100,000 passages: time and recall against exact search; and what a question costs on
the demo knowledge base.
"""

import csv
import random
import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from io import BytesIO
from itertools import product
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg2
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.environment import BenchEnvironment, application, stores
from bench.report import ReportPart, ReportRow
from gatte.conversation.parsing.normalize import expand_for_search, normalize_for_search
from gatte.extensions import db
from gatte.intelligence import embedding
from gatte.intelligence.knowledge import reranker, retrieval
from gatte.intelligence.knowledge.articles import read_articles
from gatte.models.knowledge import Passage
from gatte.store.knowledge import HNSW_EF_SEARCH
from tests import process_system

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

PASSAGES = 100_000
AN_ARTICLE = 5
QUESTIONS = 200
REAL, BATCH = 20_000, 5_000
HELD_OUT = process_system.PROJECT / "tests" / "unit" / "intelligence" / "data"
PEOPLE = (
    "contador",
    "médica",
    "advogado",
    "MEI",
    "transportadora",
    "igreja",
    "condomínio",
    "cartório",
    "farmácia",
    "escola",
    "produtora rural",
)
PLACES = (
    "Curitiba",
    "Manaus",
    "São Paulo",
    "Recife",
    "Belém",
    "Porto Alegre",
    "Goiânia",
    "Salvador",
    "Natal",
    "Palmas",
    "Vitória",
    "Cuiabá",
)
TIMES = (
    "hoje",
    "amanhã cedo",
    "no sábado",
    "antes do dia 20",
    "depois das férias",
    "com urgência",
    "pelo celular",
    "sem sair de casa",
)


def measure() -> ReportPart:
    """The 95th percentile and the recall of a large base; the processor time of a question on a
    small one.
    """
    with stores() as place:
        process_system.prepare(process_system.settings(place.database, place.redis))
        with application(place).app_context():
            small = _small()
            texts = random.Random(1).sample(list(_texts()), PASSAGES)
            vectors = _embedded(texts)
            built = _fill(place, texts, vectors)
            return ReportPart([*_large(vectors, built), small])


def questions() -> list[str]:
    """What people ask, held out of everything that was learned."""
    names = ("questions_heldout.csv", "questions_final.csv")
    rows = [
        row["question"]
        for name in names
        for row in csv.DictReader((HELD_OUT / name).open(encoding="utf-8"))
    ]
    return [f"{question} {people}" for people, question in product(("", *PEOPLE), rows)][:QUESTIONS]


def _texts() -> Iterator[str]:
    """Sentences that differ as real ones do: the demo's ways of asking, by all kinds of people,
    everywhere.
    """
    asked = [
        text for draft in read_articles() for text in (draft.question, *draft.example_questions)
    ]
    return (
        f"{text} sou {who}, {when} em {where}"
        for who, where, when, text in product(PEOPLE, PLACES, TIMES, asked)
    )


def _embedded(texts: Sequence[str]) -> "NDArray[float32]":
    """Vectors of the first texts as they are; the rest lie between two of those, which is where
    other sentences of the trade lie too.
    """
    import numpy as np

    parts = [
        embedding.embed([expand_for_search(text) for text in texts[at : at + BATCH]])
        for at in range(0, REAL, BATCH)
    ]
    real = np.concatenate(parts)
    chance = np.random.default_rng(1)
    beside = (
        real[chance.integers(0, REAL, len(texts) - REAL)]
        + 0.5 * real[chance.integers(0, REAL, len(texts) - REAL)]
    )
    return np.concatenate([real, beside / np.linalg.norm(beside, axis=1, keepdims=True)])


def _fill(place: BenchEnvironment, texts: Sequence[str], vectors: "NDArray[float32]") -> float:
    """Store them as articles of a few passages, as their import would; the seconds that the index
    took.
    """
    with closing(psycopg2.connect(place.database)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM article")
        cursor.execute("DROP INDEX ix_passage_embedding")
        cursor.execute(ARTICLES.format(count=len(texts) // AN_ARTICLE))
        with tempfile.TemporaryFile() as file:
            file.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for index, (text, vector) in enumerate(zip(texts, vectors, strict=True)):
                file.write(_copied(index, text, vector))
            file.write(struct.pack("!h", -1))
            file.seek(0)
            cursor.copy_expert(
                "COPY passage (article_id, kind, text, normalised, embedding) "
                "FROM STDIN (FORMAT binary)",
                file,
            )
        cursor.execute("SET maintenance_work_mem = '1GB'")
        started = time.perf_counter()
        cursor.execute(
            "CREATE INDEX ix_passage_embedding ON passage USING hnsw (embedding vector_cosine_ops)"
        )
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE passage, article")
        return time.perf_counter() - started


ARTICLES = """
    INSERT INTO article (id, slug, title, question, answer, topic, source, active, version,
        created_at, updated_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'artigo-' || n, 'Artigo ' || n, 'Pergunta ' || n,
        'Resposta ' || n, '', '', true, 1, now(), now()
    FROM generate_series(0, {count}) n
"""


def _copied(index: int, text: str, vector: "NDArray[float32]") -> bytes:
    """A passage in the binary format of COPY."""
    meaning = struct.pack("!hh", vector.size, 0) + vector.astype(">f4").tobytes()
    fields = [
        UUID(int=index // AN_ARTICLE).bytes,
        b"variant",
        text.encode(),
        normalize_for_search(text).encode(),
        meaning,
    ]
    made = BytesIO()
    made.write(struct.pack("!h", len(fields)))
    for field in fields:
        made.write(struct.pack("!i", len(field)) + field)
    return made.getvalue()


def _large(vectors: "NDArray[float32]", built: float) -> list[ReportRow]:
    asked = [reranker.tokenize(question, retrieval.vector_of(question)) for question in questions()]
    with Session(db.engine) as session:
        first = session.scalar(select(Passage.id).order_by(Passage.id).limit(1)) or 0
        session.execute(select(func.set_config("hnsw.ef_search", str(HNSW_EF_SEARCH), False)))
        recall = sum(_recall(session, one, vectors, first) for one in asked) / len(asked)
        candidates = _spent(lambda one: retrieval.candidate_rows(session, one), asked)
    whole = _spent(_search, asked)
    note = f"recall@10 {recall:.3f} of exact; index built in {built:.0f} s"
    return [
        ReportRow(
            "candidates out of 100,000 passages",
            "p95 < 20 ms, recall@10 ≥ 0.95",
            f"{candidates[1]:.1f} ms",
            f"p50 {candidates[0]:.1f} ms; {note}",
        ),
        ReportRow(
            "the same, ranked and with its embedding",
            "",
            f"{whole[1]:.1f} ms",
            f"p50 {whole[0]:.1f} ms",
        ),
    ]


def _search(one: reranker.TokenisedText) -> None:
    with Session(db.engine) as session:
        retrieval.find_passages(session, one.text)


def _recall(
    session: Session, one: reranker.TokenisedText, vectors: "NDArray[float32]", first: int
) -> float:
    """How many of the ten nearest passages the index finds; passages as near as the tenth count as
    well.
    """
    import numpy as np

    cosines = vectors @ one.vector
    tenth = np.partition(cosines, -10)[-10]
    found = session.execute(
        select(Passage.id).order_by(Passage.embedding.cosine_distance(one.vector)).limit(10)
    ).scalars()
    return float(np.mean([cosines[passage - first] >= tenth - 1e-5 for passage in found]))


def _small() -> ReportRow:
    """Processor time of this process, without that of Postgres."""
    asked = [reranker.tokenize(question, retrieval.vector_of(question)) for question in questions()]
    _spent(_search, asked)
    started = time.process_time()
    _spent(_search, asked)
    spent = (time.process_time() - started) * 1000 / len(asked)
    with Session(db.engine) as session:
        count = session.scalar(select(func.count()).select_from(Passage))
    return ReportRow(
        "processor time of a question, demo knowledge base",
        "< 4 ms",
        f"{spent:.1f} ms",
        f"{count} passages; embedding included",
        spent < 4,
    )


def _spent(
    call: Callable[[reranker.TokenisedText], object], asked: Sequence[reranker.TokenisedText]
) -> tuple[float, float]:
    """Milliseconds at the median and the 95th percentile."""
    spent = []
    for one in asked:
        started = time.perf_counter()
        call(one)
        spent.append((time.perf_counter() - started) * 1000)
    spent.sort()
    return spent[len(spent) // 2], spent[int(len(spent) * 0.95)]
