"""Advance: leads with mail, or whose alarm rings, are judged and saved with all that follows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from connector.domain.book import Book
from connector.domain.decide import fold, needs_refold
from connector.domain.draft import Books, Draft
from connector.domain.fact import Fact, FactKind
from connector.domain.field import FieldRole
from connector.domain.ids import LeadId, to_address
from connector.domain.lead import Lead, Standing, blank
from connector.domain.programs.enrolment import Enrolment, key_of
from connector.domain.programs.parting import Parting, partings_of
from connector.domain.traits.rank import Rank, rank_of
from connector.domain.traits.rfm import Bought, bought_of
from connector.engine.inward.joining import knows_by_address
from connector.engine.judging.shelf import Shelf
from connector.errors import LostClaimError, StoreError
from connector.log import get_logger
from connector.ports import SavedLead, Store, StoredLead

#: They are in memory together, with their facts and all that is made of them.
_MAX_LEADS = 125
#: A lead with more facts to fold than this takes about as long as a whole batch: it is judged alone, after the others.
_MANY_FACTS = 2_000
#: How long a lead over which we stumbled is left alone. New mail wakes it sooner.
_PARKED_FOR = timedelta(minutes=15)

log = get_logger()


@dataclass(frozen=True, slots=True)
class AdvanceResult:
    """What became of some leads."""

    leads: int = 0
    #: Facts folded in for the first time, and leads that were folded anew from their first fact.
    facts: int = 0
    refolded: int = 0
    #: Tasks and notes that their programs want.
    acts: int = 0
    #: Leads that a defect of ours kept from being judged.
    parked: int = 0

    @property
    def amount(self) -> int:
        """How many leads were looked at."""
        return self.leads + self.parked

    def __add__(self, other: AdvanceResult) -> AdvanceResult:
        return AdvanceResult(
            leads=self.leads + other.leads,
            facts=self.facts + other.facts,
            refolded=self.refolded + other.refolded,
            acts=self.acts + other.acts,
            parked=self.parked + other.parked,
        )


def run_once(store: Store, shelf: Shelf, now: datetime, limit: int = _MAX_LEADS) -> AdvanceResult:
    """Judge the leads that are due, and one at most that takes long. A second run finds the next ones.

    When another worker was faster nothing is saved, and nothing is lost: the leads are still due if they need to be.
    A lead over which we stumble is parked with its mail unread and stops no other.
    """
    result, takes_long = _advance(store, shelf, now, limit)
    if takes_long:
        # By now the lead that is due longest is one of them.
        result += _advance(store, shelf, now, limit=1)[0]
    return result


def _advance(store: Store, shelf: Shelf, now: datetime, limit: int) -> tuple[AdvanceResult, bool]:
    """Judge leads and save them; and whether some were left because each takes long. One alone is not left."""
    try:
        with store.claim_leads(now, limit) as claim:
            anew = {one.lead.id for one in claim.leads if _is_to_be_refolded(one)}
            leads = [one for one in claim.leads if limit == 1 or _facts_to_fold(one, anew) <= _MANY_FACTS]
            takes_long = len(leads) < len(claim.leads)
            if not leads:
                return AdvanceResult(), takes_long
            anew.intersection_update(one.lead.id for one in leads)
            all_facts = claim.all_facts(anew) if anew else {}
            saved, parked = _judge_all(leads, all_facts, shelf, now)
            claim.save(saved, dict.fromkeys(parked, now + _PARKED_FOR))
    except LostClaimError:
        log.info("claim.lost", step="advance")
        return AdvanceResult(), False
    result = _to_result(saved, parked)
    log.debug("leads.advanced", **asdict(result))
    return result, takes_long


def _to_result(saved: Sequence[SavedLead], parked: Sequence[LeadId]) -> AdvanceResult:
    return AdvanceResult(
        leads=len(saved),
        facts=sum(len(one.stored.unread) for one in saved),
        refolded=sum(one.refolded for one in saved),
        acts=sum(len(one.acts) for one in saved),
        parked=len(parked),
    )


def _facts_to_fold(stored: StoredLead, anew: Collection[LeadId]) -> int:
    return stored.last_fact if stored.lead.id in anew else len(stored.unread)


def _is_to_be_refolded(stored: StoredLead) -> bool:
    """Whether all its facts are needed. After a merge the lead is blank, and what it was before must be replaced."""
    merged = any(fact.kind is FactKind.MERGED for fact in stored.unread)
    return merged or needs_refold(stored.lead, stored.unread)


def _judge_all(
    leads: Sequence[StoredLead], all_facts: Mapping[LeadId, Sequence[Fact]], shelf: Shelf, now: datetime
) -> tuple[list[SavedLead], list[LeadId]]:
    saved: list[SavedLead] = []
    parked: list[LeadId] = []
    for stored in leads:
        try:
            saved.append(_judge(stored, all_facts.get(stored.lead.id), shelf.of(stored.workspace), now))
        except StoreError:
            raise
        except Exception:
            # A defect that one lead brings to light must not stop the others.
            log.exception("lead.parked", workspace=stored.workspace, lead=stored.lead.id)
            parked.append(stored.lead.id)
    return saved, parked


def _judge(stored: StoredLead, all_facts: Sequence[Fact] | None, books: Books, now: datetime) -> SavedLead:
    if all_facts is None:
        decision = fold(books, stored.lead, stored.unread, now)
    else:
        decision = fold(books, blank(stored.lead.id, stored.lead.born_under), all_facts, now)
    book = books(decision.lead.book)
    email = _address(decision.lead, book)
    return SavedLead(
        stored=stored,
        lead=decision.lead,
        history=decision.history,
        acts=decision.acts,
        email=email,
        may_have_doubles=bool(email) and to_address(email) != stored.email and knows_by_address(book),
        refolded=all_facts is not None,
        partings=_partings(stored.lead, decision.lead, books, is_anew=all_facts is not None),
        resumed=_resumed(stored.lead, decision.lead, books, now),
        bought=_bought(decision.lead, book),
        rank=_rank(decision.lead, book),
    )


def _partings(before: Lead, lead: Lead, books: Books, *, is_anew: bool) -> Sequence[Parting]:
    """The ways on which chance sent the lead, if anything changed of them, or all are to be told anew."""
    if lead.enrolments == before.enrolments and not is_anew:
        return ()
    found = partings_of(lead, programs := books(lead.book).programs)
    return found if is_anew or found != partings_of(before, programs) else ()


def _resumed(before: Lead, lead: Lead, books: Books, now: datetime) -> Mapping[str, datetime]:
    """The enrolments that stood still and go on, and when their programs may send again."""
    still = {key_of(each) for each in before.enrolments if _stands_still(before, each)}
    if not still:
        return {}
    draft = Draft(lead, books(lead.book), now)
    going = [each for each in lead.enrolments if key_of(each) in still and not _stands_still(lead, each)]
    programs = {each.program: draft.book.programs.get(each.program) for each in going}
    windows = {name: compiled.program.window for name, compiled in programs.items() if compiled is not None}
    return {key_of(each): windows[each.program].next_open(now, draft.zone) for each in going if each.program in windows}


def _stands_still(lead: Lead, enrolment: Enrolment) -> bool:
    return enrolment.paused_at is not None or enrolment.program in lead.paused


def _address(lead: Lead, book: Book) -> str:
    name = book.roles.get(FieldRole.IDENTITY)
    return str(lead.fields.get(name, "")) if name else ""


def _rank(lead: Lead, book: Book) -> Rank:
    return rank_of(book.leading, lead.scores, lead.holding, lead.seen, lead.position[1])


def _bought(lead: Lead, book: Book) -> Bought | None:
    """What it is compared with others by; those who were deleted in the CRM are not."""
    rule = book.definitions.rfm
    if rule is None or not lead.deals or lead.standing is not Standing.ACTIVE:
        return None
    return bought_of(rule, lead.rfm_edges, lead.deals, lead.position[1])
