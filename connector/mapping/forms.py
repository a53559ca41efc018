"""The short forms of the mapping language, as pydantic annotations: one or a list, text for a mapping, durations.

pydantic puts the branch that it took into the location of an error; it is no part of the path in the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, ClassVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from connector.mapping.durations import PATTERN, parse_duration
from connector.mapping.report import kind_of

#: Parts of an error's location that the file does not have.
BRANCHES = frozenset({"<one>", "<list>", "<text>", "<full>", "[key]"})

#: What may be the name of anything.
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
#: Text that says something.
Words = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


def wrong(message: str, hint: str = "", at: str = "") -> PydanticCustomError:
    """An error in our own words; `at` names the key of the mapping to point at."""
    context = {"message": message, "hint": hint, "at": at}
    return PydanticCustomError("ours", "{message}", context)


class Entry(BaseModel):
    """A mapping with known keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    #: What an unknown key would be in.
    what: ClassVar[str] = "the file"

    @model_validator(mode="before")
    @classmethod
    def _remember_keys(cls, data: Any, info: ValidationInfo) -> Any:
        """Note which model judges which mapping: a message about an unknown key wants the known ones."""
        if info.context is not None:
            info.context[id(data)] = cls
        return data

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """The keys that the file may have here."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())


@dataclass(frozen=True, slots=True)
class OneOrMany:
    """Annotates `tuple[T, ...]`: written as one T or as a list of them."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        one = handler.generate_schema(get_args(source)[0])
        return core_schema.tagged_union_schema(
            {
                "<one>": core_schema.no_info_after_validator_function(lambda value: (value,), one),
                "<list>": core_schema.no_info_after_validator_function(tuple, core_schema.list_schema(one)),
            },
            discriminator=lambda value: "<list>" if isinstance(value, list) else "<one>",
        )


@dataclass(frozen=True, slots=True)
class TextFor:
    """Annotates an Entry: a text alone stands for the mapping with that text under this key."""

    key: str

    def __get_pydantic_core_schema__(self, source: type[Entry], handler: GetCoreSchemaHandler) -> CoreSchema:
        def expand(text: str) -> Entry:
            return source.model_validate({self.key: text})

        text = core_schema.no_info_after_validator_function(expand, core_schema.str_schema(strict=True))
        return core_schema.tagged_union_schema(
            {"<text>": text, "<full>": handler(source)},
            discriminator=lambda value: "<text>" if isinstance(value, str) else "<full>",
        )


def read_with(read: Callable[[str], Any], example: str) -> Callable[[Any], Any]:
    """A validator from a function that takes text and raises ValueError with a sentence for people."""

    def validate(value: Any) -> Any:
        if not isinstance(value, str):
            raise wrong(f"expected something like {example}, found {kind_of(value)}")
        try:
            return read(value)
        except ValueError as error:
            raise wrong(str(error)) from error

    return validate


Duration = Annotated[
    timedelta,
    PlainValidator(read_with(parse_duration, "7d")),
    WithJsonSchema({"type": "string", "pattern": PATTERN, "examples": ["7d", "2h", "1d12h", "P7D"]}),
]


def _some_time(duration: timedelta) -> timedelta:
    if not duration:
        raise wrong("no time at all", "write a duration such as 7d")
    return duration


#: Longer than no time.
Span = Annotated[Duration, AfterValidator(_some_time)]


def reference(definition: str) -> WithJsonSchema:
    """The JSON Schema of something that is judged later, with knowledge of names and types."""
    return WithJsonSchema({"x-ref": definition})


Condition = Annotated[Any, reference("Condition")]
Where = Annotated[dict[str, Any], reference("Where")]
#: One name or several.
Names = Annotated[tuple[Name, ...], OneOrMany()]
