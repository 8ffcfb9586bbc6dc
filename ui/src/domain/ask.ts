/** One question, asked once and not followed. */
export { query } from "$platform";
