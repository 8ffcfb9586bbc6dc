import { firstName } from "$shared/words";
import type { JoinRequestView } from "./types";

/** Whether somebody asks to become another computer of one's own, rather than to join a space. */
export function isOwnComputer(request: JoinRequestView): boolean {
  return request.role === "computer";
}

/** Whether a link makes this computer the next one of whoever made it, rather than lead into a space. */
export function isComputerLink(link: string): boolean {
  return /^tuttu:(\/\/)?computer\//i.test(link.replace(/\s+/g, ""));
}

/** What is asked for, in words. */
export function wish(request: JoinRequestView): string {
  return isOwnComputer(request)
    ? `${request.computerName} wants to become one of your computers`
    : `${request.personName} wants to join ${request.spaceName}`;
}

/** The same where there is little room. */
export function shortWish(request: JoinRequestView): string {
  return isOwnComputer(request) ? `${request.computerName} wants to be yours` : `${firstName(request.personName)} wants to join`;
}
