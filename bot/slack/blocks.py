"""
Block Kit: plain dictionaries, each made by a function that keeps Slack's limits.

What is too long is cut and says so with `…`. `check` looks over what was put together: Slack refuses a whole message
for one block too many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from bot.review.redaction import redacted
from bot.review.wording import pieces, visible

Block: TypeAlias = Mapping[str, Any]

# https://docs.slack.dev/reference/block-kit/blocks
MOST_BLOCKS = 50
MOST_BLOCKS_OF_A_VIEW = 100
_HEADER, _SECTION, _FIELD, _CONTEXT = 150, 3000, 2000, 2000
_FIELDS, _ELEMENTS_OF_CONTEXT, _ELEMENTS_OF_ACTIONS = 10, 10, 25
_BUTTON, _VALUE, _ID, _URL, _VIEW_TITLE = 75, 2000, 255, 3000, 24
# https://docs.slack.dev/reference/methods/chat.postMessage: longer text than this is cut by Slack
_TEXT = 4000


class Message(msgspec.Struct, frozen=True):
    """What is posted."""

    text: str
    """What a notification and a screen reader say; mrkdwn."""
    blocks: tuple[Block, ...]


def header(text: str) -> Block:
    """A title; plain text."""
    return {"type": "header", "text": _plain(text, _HEADER)}


def section(text: str) -> Block:
    """A paragraph of mrkdwn."""
    return {"type": "section", "text": _mrkdwn(text, _SECTION)}


def fields(texts: Sequence[str]) -> Block:
    """Short texts of mrkdwn in two columns."""
    return {"type": "section", "fields": [_mrkdwn(text, _FIELD) for text in texts[:_FIELDS]]}


def context(*texts: str) -> Block:
    """Small print in mrkdwn."""
    return {"type": "context", "elements": [_mrkdwn(text, _CONTEXT) for text in texts[:_ELEMENTS_OF_CONTEXT]]}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def actions(id_: str, *buttons: Block) -> Block:
    """
    Buttons side by side.

    Args:
        id_: Unique in its message.
        buttons: From left to right.
    """
    return {"type": "actions", "block_id": id_, "elements": list(buttons)}


def button(
    label: str, action: str, value: str = "", *, url: str = "", style: Literal["primary", "danger"] | None = None
) -> Block:
    """
    A button.

    Args:
        label: Plain text.
        action: What it does; unique in its block.
        value: About what. Never cut: what does not fit is refused by `check`.
        url: Where it leads; it is pressed all the same.
        style: Its colour.
    """
    made: dict[str, Any] = {"type": "button", "action_id": action, "text": _plain(label, _BUTTON)}
    if value:
        made["value"] = value
    if url:
        made["url"] = url
    if style is not None:
        made["style"] = style
    return made


def select(label: str, action: str, options: Mapping[str, str], chosen: str) -> Block:
    """
    A question with one answer, in a form.

    Args:
        label: The question.
        action: Names it; of its block too.
        options: Labels by value.
        chosen: The value that is there from the start.
    """
    choices = {value: {"text": _plain(text, _BUTTON), "value": value} for value, text in options.items()}
    element = {
        "type": "static_select",
        "action_id": action,
        "options": list(choices.values()),
        "initial_option": choices[chosen],
    }
    return {"type": "input", "block_id": action, "label": _plain(label, _SECTION), "element": element}


def text_input(label: str, action: str, most: int) -> Block:
    """A question that is answered in words, in a form; see `select`."""
    element = {"type": "plain_text_input", "action_id": action, "multiline": True, "max_length": most}
    return {"type": "input", "block_id": action, "label": _plain(label, _SECTION), "element": element}


def view(title: str, submit: str, callback: str, data: str, blocks: Sequence[Block]) -> Block:
    """
    A form that opens above the conversation.

    Args:
        title: Plain text.
        submit: The label of its button.
        callback: What sending it does.
        data: Comes back with the answers.
        blocks: What is in it.
    """
    return {
        "type": "modal",
        "callback_id": callback,
        "title": _plain(title, _VIEW_TITLE),
        "submit": _plain(submit, _VIEW_TITLE),
        "private_metadata": data,
        "blocks": list(blocks),
    }


def text(words: str) -> str:
    """
    Words of others as mrkdwn that is only text: no link, no mention, no formatting, no secret.

        "<!channel> *now*"  →  "&lt;!channel&gt; \u2217now\u2217"
    """
    return _text(_safe(words, is_code=False))


_LOOKALIKES = {
    ord("*"): "\N{ASTERISK OPERATOR}",
    ord("~"): "\N{TILDE OPERATOR}",
    ord("`"): "\N{MODIFIER LETTER GRAVE ACCENT}",
}
"""mrkdwn knows no escapes for these. `_` stays as it is: inside a word it does nothing, and names are full of it."""
_ORIGINALS = {ord(lookalike): chr(original) for original, lookalike in _LOOKALIKES.items()}


def code(words: str) -> str:
    """Code of others, or a path, as inline code: without secrets."""
    return _code(_safe(words))


def prose(message: str) -> str:
    """A finding's message, with its code in backticks, as mrkdwn; without secrets."""
    return "".join(_code(piece) if is_code else _text(piece) for piece, is_code in pieces(_safe(message)))


def link(url: str, label: str) -> str:
    """
    A link with a label.

    Args:
        url: Ours or GitHub's.
        label: Words of others.
    """
    target = re.sub(r"[<>|\s]", "", url).replace("&", "&amp;")
    return f"<{target}|{text(label).replace('|', chr(0x2223))}>" if target else text(label)


def clipped(words: str, most: int) -> str:
    """
    At most so many characters.

    A cut never falls inside an escape or a link of mrkdwn: half a link would show its address.
    """
    if len(words) <= most:
        return words
    cut = words[: most - 1]
    opened = cut.rfind("<")
    if opened > cut.rfind(">"):
        cut = cut[:opened]
    cut = re.sub(r"&[a-z]{0,3}$", "", cut)
    if cut.count("`") % 2:
        cut = f"{cut[:-1]}`" if not cut.endswith("`") else cut[:-1]
    return f"{cut}…"


def check(blocks: Sequence[Block], most: int = MOST_BLOCKS) -> None:
    """
    See that Slack would take these blocks.

    Raises:
        ValueError: It would not; says which block and why.
    """
    if len(blocks) > most:
        raise ValueError(f"{len(blocks)} blocks; Slack takes {most}")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(ids)) < len(ids):
        raise ValueError("two blocks have the same id")
    for number, block in enumerate(blocks):
        for problem in _problems(block):
            raise ValueError(f"block {number} ({block['type']}): {problem}")


def _problems(block: Block) -> Iterable[str]:
    if len(block.get("block_id", "")) > _ID:
        yield "its id is too long"
    if block["type"] == "actions":
        elements = block["elements"]
        if not 0 < len(elements) <= _ELEMENTS_OF_ACTIONS:
            yield f"{len(elements)} buttons"
        named = [element["action_id"] for element in elements]
        if len(set(named)) < len(named):
            yield "two buttons do the same"
        for element in elements:
            if len(element.get("value", "")) > _VALUE or len(element["action_id"]) > _ID:
                yield "a button's value is too long"
            if len(element.get("url", "")) > _URL:
                yield "a button's address is too long"
    for shown in (block.get("text"), *block.get("fields", ()), *(block.get("elements", ()))):
        words = shown.get("text") if shown is not None else "-"
        if not (words["text"] if isinstance(words, dict) else words):
            yield "a text is empty"


def message(words: str, blocks: Sequence[Block]) -> Message:
    """
    A message.

    Raises:
        ValueError: Slack would not take it.
    """
    check(blocks)
    return Message(clipped(words, _TEXT), tuple(blocks))


def _safe(words: str, *, is_code: bool = True) -> str:
    """Without secrets; of what is longer than Slack shows, whole words only, for half a secret is not known as one."""
    if len(words) > _TEXT:
        words = f"{words[:_TEXT].rpartition(' ')[0]}…"
    return redacted(words, is_code=is_code)


def _text(words: str) -> str:
    return _escaped(words).translate(_LOOKALIKES)


def _code(words: str) -> str:
    """Inline code, in which only a backtick is markup."""
    return f"`{_escaped(words).replace('`', _LOOKALIKES[ord('`')])}`" if words.strip() else ""


def _escaped(words: str) -> str:
    return visible(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", " ")


def _mrkdwn(words: str, most: int) -> Block:
    # `verbatim`: what looks like an address, a channel or a name does not become a link.
    return {"type": "mrkdwn", "text": clipped(words, most), "verbatim": True}


def _plain(words: str, most: int) -> Block:
    words = visible(words)
    return {"type": "plain_text", "text": words if len(words) <= most else f"{words[: most - 1]}…", "emoji": False}


def readable(made: Message) -> str:
    """A message as a person reads it, for a terminal: without markup, buttons as `[Label]`."""
    lines: list[str] = []
    for block in made.blocks:
        match block["type"]:
            case "header":
                lines += [block["text"]["text"], "=" * len(block["text"]["text"])]
            case "divider":
                lines.append("-" * 20)
            case "actions":
                lines.append("  ".join(f"[{element['text']['text']}]" for element in block["elements"]))
            case "context":
                lines.append(" · ".join(_unmarked(element["text"]) for element in block["elements"]))
            case _ if "fields" in block:
                lines += [_unmarked(field["text"]).replace("\n", ": ") for field in block["fields"]]
            case _:
                lines.append(_unmarked(block["text"]["text"]))
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


_EMOJI = {
    **dict.fromkeys(("red_circle", "large_orange_circle", "large_yellow_circle", "large_blue_circle"), "●"),
    "white_circle": "○",
    "white_check_mark": "✓",
    "heavy_minus_sign": "✗",
    "warning": "!",
}
"""What our messages use of Slack's, for a terminal."""


def _unmarked(words: str) -> str:
    words = re.sub(r"<([^|>]*)\|([^>]*)>", r"\2", words)
    words = re.sub(r":([a-z_]+):", lambda match: _EMOJI.get(match[1], match[0]), words)
    words = re.sub(r"(?<![\w*])\*([^*\n]+)\*(?!\w)", r"\1", words)
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").translate(_ORIGINALS)
