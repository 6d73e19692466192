"""What a question is called on a page: its template's title, by the name or id a run or release carries."""

from collections.abc import Mapping

from api.principal import Principal
from api.room import Room
from api.usecases.templates import list_templates

AD_HOC = "Ad hoc question"


def titles_of(room: Room, who: Principal) -> Mapping[str, str]:
    """Titles of the templates ``who`` may see; the newest version's where only a name is known."""
    views = list_templates(room, who)
    return {view.name: view.title for view in views} | {view.template_id: view.title for view in views}


def title_of(titles: Mapping[str, str], template: str | None) -> str:
    """The title; the id itself where the template may not be seen, and words for a question without one."""
    return AD_HOC if template is None else titles.get(template, template)
