"""Rows of a session: lacking, joined, one by its key."""

from models import Customer, Order
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload


def lacking(session: Session):
    return [order.customer.name for order in session.scalars(select(Order))]


def loaded(session: Session):
    return [order.customer.name for order in session.scalars(select(Order).options(joinedload(Order.customer)))]


def by_key(session: Session, keys: list[int]):
    return [session.get(Customer, key) for key in keys]
