/** What views may use of the computer around the window. */
export { onEvent, trigger } from "$platform";
