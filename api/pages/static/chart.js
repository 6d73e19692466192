// Charts to point at: a button beside each picture that loads the drawing library on demand and draws the same
// specification the picture was drawn from. Without this script the picture and its text stay as they are.
"use strict";

(() => {
  const library = document.currentScript.dataset.library;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let loading = null;

  const load = () => {
    loading ??= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = library;
      script.onload = () => done(window.cleanroomChart);
      script.onerror = () => {
        loading = null;
        failed(new Error("the library did not load"));
      };
      document.head.append(script);
    });
    return loading;
  };

  const specification = async (address) => {
    const answer = await fetch(`${address}-${dark.matches ? "dark" : "light"}.vl.json`, { credentials: "same-origin" });
    if (!answer.ok) throw new Error("the chart did not load");
    return answer.json();
  };

  // Rows of name and value, as text: nothing a value spells is ever read as markup.
  const tip = document.createElement("div");
  tip.className = "chart-tip";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  const show = (handler, event, item, value) => {
    tip.hidden = value === null || value === undefined || value === "";
    if (tip.hidden) return;
    const rows = document.createElement("dl");
    for (const [name, text] of Object.entries(Object(value) === value ? value : { "": value })) {
      rows.append(Object.assign(document.createElement("dt"), { textContent: name }));
      rows.append(Object.assign(document.createElement("dd"), { textContent: String(text) }));
    }
    tip.replaceChildren(rows);
    const right = Math.max(8, Math.min(event.clientX + 14, window.innerWidth - tip.offsetWidth - 8));
    const below = event.clientY + 14 + tip.offsetHeight > window.innerHeight;
    tip.style.left = `${right}px`;
    tip.style.top = `${below ? event.clientY - tip.offsetHeight - 10 : event.clientY + 14}px`;
  };

  const prepare = (figure) => {
    const picture = figure.querySelector("picture");
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Explore this chart" });
    button.className = "second explore";
    button.setAttribute("aria-pressed", "false");
    const live = document.createElement("div");
    live.className = "chart-live";
    live.hidden = true;
    const said = document.createElement("span");
    said.className = "soft";
    said.setAttribute("role", "status");
    let drawn = null;

    const draw = async () => {
      const [chart, described] = await Promise.all([load(), specification(figure.dataset.chart)]);
      drawn?.finalize();
      drawn = await chart(live, described, show);
    };
    button.addEventListener("click", async () => {
      const open = button.getAttribute("aria-pressed") === "true";
      tip.hidden = true;
      if (!open) {
        said.textContent = "Loading the chart";
        try {
          await draw();
        } catch {
          said.textContent = "The chart could not be loaded; the picture shows the same.";
          return;
        }
        said.textContent = "Point at a mark to read its numbers; the table below holds them all.";
      } else {
        said.textContent = "";
      }
      live.hidden = open;
      picture.hidden = !open;
      button.setAttribute("aria-pressed", String(!open));
      button.textContent = open ? "Explore this chart" : "Back to the picture";
    });
    dark.addEventListener("change", () => drawn && draw());
    picture.after(live);
    figure.append(button, said);
  };

  document.body.append(tip);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.hidden = true;
  });
  for (const figure of document.querySelectorAll("figure[data-chart]")) prepare(figure);
})();
