/** Which of the two tiers runs: `npm run prove`, or its quick part in `npm test`. */

export const isFullTier = process.env.ROLLCALL_PROVE === 'full';
