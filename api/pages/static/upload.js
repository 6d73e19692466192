// Sends a prepared package to /v1/uploads in pieces (tus 1.0) and goes on where an earlier try stopped.
// Nothing of the files is read but the manifest; which upload they belong to is found by the manifest's own digest.
"use strict";
(() => {
  const SMALLEST = 256 * 1024;
  const LARGEST = 8 * 1024 * 1024;
  const QUICK_MS = 1500;
  const TRIES = 5;
  const form = document.getElementById("upload");
  const field = (id) => document.getElementById(id);
  const progress = field("progress");
  const pause = field("pause");
  const send = form.querySelector("button");
  let isPaused = false;

  const say = (text, tone) => {
    field("message").textContent = text;
    field("message").className = tone ? `notice ${tone}` : "";
  };

  const problemOf = async (response) => {
    try {
      const problem = await response.json();
      return `${problem.code}: ${problem.title}${problem.help ? ` (${problem.help})` : ""}`;
    } catch {
      return `the room answered ${response.status}`;
    }
  };

  class Refused extends Error {}

  const call = async (address, options) => {
    const headers = { "Tus-Resumable": "1.0.0", ...options.headers };
    const response = await fetch(address, { ...options, headers, credentials: "same-origin" });
    if (response.status >= 400 && response.status < 500 && response.status !== 409) {
      throw new Refused(await problemOf(response));
    }
    if (!response.ok) throw new Error(await problemOf(response));
    return response;
  };

  const offsetOf = async (address) => {
    const response = await call(address, { method: "HEAD" });
    return Number(response.headers.get("Upload-Offset"));
  };

  const begin = async (manifest, size) => {
    const begun = form.dataset.begun.split(" ").filter(Boolean).map((pair) => pair.split("="));
    const wanted = `sha256:${manifest.manifest.rows.sha256}`;
    const known = begun.find(([, digest]) => digest === wanted);
    if (known) return `/v1/uploads/${known[0]}`;
    const asked = { manifest, mode: field("mode").value };
    if (field("period").value.trim()) asked.period = field("period").value.trim();
    const response = await call("/v1/uploads", {
      method: "POST",
      headers: { "Content-Type": "application/json", "Upload-Length": String(size) },
      body: JSON.stringify(asked),
    });
    const address = response.headers.get("Location");
    form.dataset.begun += ` ${address.split("/").pop()}=${wanted}`;
    return address;
  };

  const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  const transfer = async (address, rows) => {
    let offset = await offsetOf(address);
    let piece = SMALLEST;
    let failures = 0;
    while (offset < rows.size && !isPaused) {
      progress.value = (100 * offset) / rows.size;
      say(`${Math.floor((100 * offset) / rows.size)} % sent`);
      const began = performance.now();
      try {
        const response = await call(address, {
          method: "PATCH",
          headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) },
          body: rows.slice(offset, offset + piece),
        });
        offset = Number(response.headers.get("Upload-Offset"));
        failures = 0;
        if (performance.now() - began < QUICK_MS) piece = Math.min(2 * piece, LARGEST);
      } catch (problem) {
        failures += 1;
        if (problem instanceof Refused || failures >= TRIES) throw problem;
        say("the connection broke; trying again");
        piece = SMALLEST;
        await wait(500 * 2 ** failures);
        offset = await offsetOf(address);
      }
    }
    return offset === rows.size;
  };

  const run = async () => {
    const rows = field("rows").files[0];
    let manifest;
    try {
      manifest = JSON.parse(await field("manifest").files[0].text());
    } catch {
      throw new Refused("the first file is no manifest; choose manifest.json");
    }
    if (!manifest.manifest || !manifest.manifest.rows) throw new Refused("the first file is no manifest; choose manifest.json");
    if (manifest.manifest.rows.bytes !== rows.size) throw new Refused("these two files do not belong together");
    const address = await begin(manifest, rows.size);
    if (await transfer(address, rows)) {
      progress.value = 100;
      say("all sent", "good");
      window.location.assign(`/data/uploads/${address.split("/").pop()}`);
    } else {
      say("paused; upload again to go on", "open");
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    isPaused = false;
    send.disabled = true;
    pause.hidden = false;
    progress.hidden = false;
    try {
      await run();
    } catch (problem) {
      say(problem.message, "bad");
    } finally {
      send.disabled = false;
      pause.hidden = true;
    }
  });
  pause.addEventListener("click", () => {
    isPaused = true;
  });
})();
