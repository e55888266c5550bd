/** Rows that are taken out of sight before the server takes them away: which place is which row without them. */

export function hiddenRows() {
  /** @type {Set<string>} */
  const ids = new Set();
  /** Their places, in order. @type {number[]} */
  let places = [];

  /** @param {number} place */
  const before = (place) => {
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[middle] < place) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  /** @param {number} place */
  const add = (place) => {
    const at = before(place);
    if (places[at] !== place) places.splice(at, 0, place);
  };

  return {
    count: () => places.length,
    /** @param {string} id */
    has: (id) => ids.has(id),
    /** A row was loaded at a place. @param {string} id @param {number} place */
    see: (id, place) => ids.has(id) && add(place),
    /** @param {string} id @param {number | undefined} place undefined while it is not loaded */
    hide(id, place) {
      ids.add(id);
      if (place !== undefined) add(place);
    },
    /** @param {string} id @param {number | undefined} place */
    show(id, place) {
      ids.delete(id);
      if (place !== undefined) places = places.filter((each) => each !== place);
    },
    /** Rows are loaded anew: their places will be seen again. */
    clearPlaces() {
      places = [];
    },
    /** The place in the list of what is shown as the row of this index. @param {number} index */
    placeOf(index) {
      let place = index;
      for (const each of places) {
        if (each > place) break;
        place += 1;
      }
      return place;
    },
    /** @param {number} place */
    indexOf: (place) => place - before(place),
  };
}
