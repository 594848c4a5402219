/** The middle one of many figures, which a few that are far off do not move. */
export const middle = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
