"""The answers that refuse a call, in HubSpot's shapes and words. HubSpot: API error handling."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Category(StrEnum):
    """The `category` of an error body."""

    VALIDATION = "VALIDATION_ERROR"
    NOT_FOUND = "OBJECT_NOT_FOUND"
    CONFLICT = "CONFLICT"
    ALREADY_EXISTS = "OBJECT_ALREADY_EXISTS"
    UNAUTHENTICATED = "INVALID_AUTHENTICATION"
    EXPIRED = "EXPIRED_AUTHENTICATION"
    MISSING_SCOPES = "MISSING_SCOPES"
    RATE_LIMITS = "RATE_LIMITS"
    FORBIDDEN = "FORBIDDEN"


class Problem(StrEnum):
    """The `error` of one property value that was refused."""

    UNKNOWN_PROPERTY = "PROPERTY_DOESNT_EXIST"
    READ_ONLY = "READ_ONLY_VALUE"
    NOT_A_NUMBER = "INVALID_DOUBLE"
    NOT_A_BOOLEAN = "INVALID_BOOLEAN"
    NOT_AN_OPTION = "INVALID_OPTION"
    NOT_A_DATE = "INVALID_DATE"
    NOT_AN_EMAIL = "INVALID_EMAIL"
    NOT_AN_OWNER = "INVALID_OWNER_ID"
    TOO_LONG = "PROPERTY_VALUE_TOO_LONG"
    MISSING = "MISSING_REQUIRED_PROPERTY"


@dataclass(frozen=True, slots=True)
class PropertyProblem:
    """One property value that was refused, and why."""

    property_name: str
    problem: Problem
    message: str


class RefusalError(Exception):
    """A call is answered with an error status and a body."""

    def __init__(
        self,
        status: int,
        category: Category | str,
        message: str,
        *,
        sub_category: str | None = None,
        context: dict[str, list[str]] | None = None,
        errors: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body: dict[str, Any] = {
            "status": "error",
            "message": message,
            "category": str(category),
        }
        optional = {"subCategory": sub_category, "context": context, "errors": errors}
        self.body.update({key: value for key, value in optional.items() if value is not None})


def invalid(message: str, *, sub_category: str | None = None) -> RefusalError:
    """400: the request is not of the form that the operation takes."""
    return RefusalError(400, Category.VALIDATION, message, sub_category=sub_category)


def not_found(message: str, *, sub_category: str | None = None) -> RefusalError:
    """404: there is no such thing."""
    return RefusalError(404, Category.NOT_FOUND, message, sub_category=sub_category)


def conflict(message: str, *, category: Category = Category.CONFLICT, sub_category: str | None = None) -> RefusalError:
    """409: the thing exists already."""
    return RefusalError(409, category, message, sub_category=sub_category)


def bad_properties(problems: list[PropertyProblem]) -> RefusalError:
    """400 with the list of refused values as JSON inside `message`, as the live API does."""
    details = [
        {"isValid": False, "message": p.message, "error": str(p.problem), "name": p.property_name} for p in problems
    ]
    errors = [
        {"message": p.message, "code": str(p.problem), "context": {"propertyName": [p.property_name]}} for p in problems
    ]
    message = f"Property values were not valid: {json.dumps(details)}"
    return RefusalError(400, Category.VALIDATION, message, errors=errors)


def record_error(category: Category, message: str, context: dict[str, list[str]]) -> dict[str, Any]:
    """One entry of `errors` in the reply to a batch that was done in part."""
    return {
        "status": "error",
        "category": str(category),
        "message": message,
        "context": context,
        "errors": [],
        "links": {},
    }
