/** Modules that are fetched later: why one could not be. */

const RELEASE = document.querySelector("script[type=module]")?.getAttribute("src") ?? "";

/**
 * Tell why a module could not be fetched. `isOutdated`: Assay was upgraded since the document came, and only a new one helps.
 * @param {any} error what `import(…)` threw
 * @returns {Promise<{error: Error, isOutdated: boolean}>}
 */
export async function whyMissing(error) {
  if (!(error instanceof TypeError)) return { error, isOutdated: false };
  let answer;
  try {
    answer = await fetch(RELEASE, { method: "HEAD", cache: "no-store" });
  } catch {
    return { error: new Error("The server does not answer. Is it running?"), isOutdated: false };
  }
  if (answer.status !== 404) return { error, isOutdated: false };
  return { error: new Error("Assay was upgraded since this page was loaded."), isOutdated: true };
}

/** Load the document anew, once for each release: servers of two releases behind one address must not make a circle. */
export function reloadOnce() {
  if (sessionStorage.getItem("assay.reloaded") === RELEASE) return false;
  sessionStorage.setItem("assay.reloaded", RELEASE);
  location.reload();
  return true;
}
