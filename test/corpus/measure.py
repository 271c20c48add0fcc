"""Sets up the scope of a filled schema as a user would who knows it well, and counts what that takes.

Proposals that are confident are accepted unread. The others are read: those that are right or harmless are accepted,
those that are wrong are corrected. Then each question that is still open is answered by hand, from the truth. That is a
round, and rounds go on until nothing is open."""

import collections
import dataclasses
import re

from closure import Closure
from database import SqlError
from judge import judge, object_of
from statements import Unreadable, calls
from truth import HARMLESS, RIGHT, WRONG, Truth

MOST_ROUNDS = 12
UNRANKED = "unranked"


@dataclasses.dataclass
class Measure:
    """What it took. `by_hand` are the statements that were written, `corrections` how many of them in place of wrong
    proposals. `verdicts` counts proposals: {(confidence, verdict): count}."""

    schema: str
    tables: int
    company_table: str = "by hand"
    by_hand: list = dataclasses.field(default_factory=list)
    corrections: int = 0
    reviewed: list = dataclasses.field(default_factory=list)
    rounds: int = 0
    verdicts: collections.Counter = dataclasses.field(default_factory=collections.Counter)
    wrong: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)
    undecided: list = dataclasses.field(default_factory=list)
    judgement: object = None

    def confidences(self):
        return sorted({confidence for confidence, _ in self.verdicts})

    def line(self):
        """All in one line."""
        shares = "; ".join(f"{confidence} " + "/".join(str(self.verdicts[confidence, verdict])
                                                     for verdict in (RIGHT, HARMLESS, WRONG))
                           for confidence in self.confidences()) or "none"
        lost = "?" if self.judgement is None else sum(self.judgement.silent.values())
        return (f"{self.schema}: {self.tables} tables, {len(self.by_hand)} by hand ({self.corrections} corrections), "
                f"{len(self.reviewed)} reviewed, "
                f"{self.rounds} rounds, proposals right/harmless/wrong: {shares}; {len(self.undecided)} undecided, "
                f"{lost} rows lost in silence")

    def as_json(self):
        return {"schema": self.schema, "tables": self.tables, "company_table": self.company_table,
                "by_hand": self.by_hand, "corrections": self.corrections,
                "reviewed": self.reviewed, "rounds": self.rounds,
                "proposals": {confidence: {verdict: self.verdicts[confidence, verdict]
                                           for verdict in (RIGHT, HARMLESS, WRONG)}
                              for confidence in self.confidences()},
                "wrong": self.wrong, "failed": self.failed, "undecided": self.undecided,
                "judgement": self.judgement and self.judgement.as_json()}

    def details(self):
        for item in self.wrong:
            yield f"wrong ({item['confidence']}): {item['statement']}\n    {item['why']}"
        for statement in self.by_hand:
            yield f"by hand: {statement}"
        for item in self.reviewed:
            yield f"reviewed ({item['confidence']}): {item['statement']}"
        for item in self.failed:
            yield f"failed: {item['statement']}\n    {item['error']}"
        for item in self.undecided:
            yield f"undecided: {item['object']}: {item['problem']}"
        if self.judgement:
            yield from self.judgement.lines()


class User:
    """Who sets it up: knows the truth, and reads what is proposed, unless `accept_all`."""

    def __init__(self, session, schema, name, accept_all=False):
        self.session, self.schema, self.accept_all = session, schema, accept_all
        self.closure = Closure(session, schema)
        self.truth = Truth(session, schema, self.closure)
        self.result = Measure(name, len(schema.tables))
        self.read, self.waited, self.refused, self.wrong = set(), set(), set(), []
        self.given, self.best = collections.Counter(), {}

    def measure(self):
        self.session.run("CREATE EXTENSION IF NOT EXISTS company_backup")
        self.begin()
        while self.result.rounds < MOST_ROUNDS and self.round():
            self.result.rounds += 1
        self.result.undecided = self.questions()
        self.result.judgement = judge(self.session, self.schema, self.closure)
        return self.result

    def begin(self):
        """The company table: as proposed, or else by hand."""
        for confidence, statement in self.proposals():
            if "set_company_table" in statement and self.consider(confidence, statement):
                self.result.company_table = "proposed"
                return
        self.write(self.truth.company_table())

    def round(self):
        """Whether there was anything to do."""
        self.wrong, self.refused = [], set()
        accepted = [self.consider(confidence, statement) for confidence, statement in self.proposals()
                    if statement not in self.read]
        corrected = [self.correct(place) for statement in self.wrong for place in self.truth.places(statement)]
        answered = [self.waits(question) or self.answer(question) for question in self.questions()]
        return any(accepted) or any(corrected) or any(answered)

    def waits(self, question):
        """Whether the question comes with a right answer that will be proposed in the next round; it waits but once."""
        hint = question["hint"]
        if not hint or hint in self.read or hint in self.waited or self.verdict(hint)[0] == WRONG:
            return False
        self.waited.add(hint)
        return True

    def proposals(self):
        """[(confidence, statement)]. The column `confidence` may not be there. A candidate for the company table that is
        not the best is a comment; a user may choose it all the same."""
        try:
            rows = self.session.rows("SELECT * FROM propose_company_rules()")
        except SqlError as error:
            if error.state == "KB001":
                return []
            raise
        return [(row.get("confidence") or UNRANKED, row["statement"].removeprefix("-- ")) for row in rows]

    def questions(self):
        return self.session.rows("SELECT object, problem, hint FROM check_company_scope() WHERE severity = 'error'")

    def consider(self, confidence, statement):
        """Reads a proposal; applies it, unless it is seen to be wrong. Whether it was applied."""
        self.read.add(statement)
        verdict, why = self.verdict(statement)
        self.result.verdicts[confidence, verdict] += 1
        if verdict == WRONG:
            self.result.wrong.append({"confidence": confidence, "statement": statement, "why": why})
            if confidence != "confident" and not self.accept_all:
                self.wrong.append(statement)
                return False
        if not self.apply(statement):
            return False
        if confidence != "confident":
            self.result.reviewed.append({"confidence": confidence, "statement": statement})
        return True

    def verdict(self, statement):
        try:
            verdicts = [self.truth.verdict(call) for call in calls(statement)]
        except Unreadable as error:
            return WRONG, f"it cannot be read: {error}"
        return next((verdict for verdict in verdicts if verdict[0] == WRONG),
                    next((verdict for verdict in verdicts if verdict[0] == RIGHT), (HARMLESS, "")))

    def correct(self, place):
        """Writes what is right in place of a wrong proposal about a table, or a column of it."""
        if self.given[place]:
            return False
        before = len(self.result.by_hand)
        written = self.answer_place(place, "")
        self.result.corrections += len(self.result.by_hand) - before
        return written

    def answer(self, question):
        """Answers a question by hand; if it is asked again, with the next best answer. Whether there was one."""
        place = object_of(self.schema, question["object"])
        return place is not None and self.answer_place(place, question["problem"])

    def answer_place(self, place, problem):
        table = self.schema.tables[place[0]]
        answers = self.truth.answers(table, place[1])
        if place[1] is None:
            # Columns that the question names.
            said = set(re.findall(r"[\w$]+", problem))
            answers += [answer for column in table.columns if column in said
                        for answer in self.truth.answers(table, column)]
        while self.given[place] < len(answers):
            statements = answers[self.given[place]]
            self.given[place] += 1
            if all([self.write(statement) for statement in statements]):
                self.best.setdefault(place, statements)
                return True
        # Nothing helps: it stays undecided, with what would be right.
        for statement in self.best.pop(place, []):
            self.apply(statement)
        return False

    def write(self, statement):
        if statement in self.result.by_hand:
            return True
        if not self.apply(statement):
            return False
        self.result.by_hand.append(statement)
        return True

    def apply(self, statement):
        """Runs a statement; one that failed is not tried again in this round. Whether it was done."""
        if statement in self.refused:
            return False
        try:
            self.session.run(statement.rstrip().rstrip(";"))
            return True
        except SqlError as error:
            self.refused.add(statement)
            failure = {"statement": statement, "error": f"{error.state}: {error.message}"}
            self.result.failed += [failure] if failure not in self.result.failed else []
            return False


def measure(session, schema, name, accept_all=False):
    """A Measure. With `accept_all`, the user accepts whatever is proposed."""
    return User(session, schema, name, accept_all).measure()
