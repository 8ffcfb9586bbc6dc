/** What the fields of a record are called, and how their values are shown. */
import { dateWords } from "$shared/time";
import { capital } from "$shared/words";
import type { Address } from "./types";

/** Fields whose items have a label and one value. */
export type LabelledField = "phones" | "emails" | "urls" | "ims" | "dates";

interface FieldWords {
  /** One of them, in a sentence. */
  readonly one: string;
  readonly many: string;
  /** The labels offered. */
  readonly labels: readonly string[];
}

const noun = (one: string, many: string, labels: readonly string[] = []): FieldWords => ({ one, many, labels });

export const fieldWords: Readonly<Record<string, FieldWords>> = {
  name: noun("name", "names"),
  given: noun("given name", "given names"),
  family: noun("family name", "family names"),
  middle: noun("middle name", "middle names"),
  prefix: noun("name prefix", "name prefixes"),
  suffix: noun("name suffix", "name suffixes"),
  nickname: noun("nickname", "nicknames"),
  pronouns: noun("pronouns", "pronouns"),
  phones: noun("number", "numbers", ["mobile", "work", "home", "main", "fax", "other"]),
  emails: noun("email", "emails", ["work", "home", "other"]),
  addresses: noun("address", "addresses", ["work", "home", "other"]),
  orgs: noun("role", "roles"),
  urls: noun("link", "links", ["home", "work", "profile", "other"]),
  ims: noun("message name", "message names", ["signal", "matrix", "whatsapp", "telegram", "xmpp", "other"]),
  dates: noun("date", "dates", ["anniversary", "first met", "other"]),
  birthday: noun("birthday", "birthdays"),
  tags: noun("tag", "tags"),
  notes: noun("note", "notes"),
  rhythm: noun("rhythm", "rhythms"),
  relations: noun("relationship", "relationships"),
  text: noun("text", "texts"),
  at: noun("time", "times"),
  duration: noun("duration", "durations"),
  with: noun("person", "people"),
  deleted: noun("deletion", "deletions"),
};

/** The field without the item: `phones/ITEM` is `phones`. */
export function fieldOf(path: string): string {
  return path.split(/[/.:]/)[0] ?? path;
}

/** What a field path is called as a heading: "Mobile", "Email", "Role". */
export function fieldTitle(path: string, label = ""): string {
  if (label) return capital(label);
  const field = fieldOf(path);
  if (field === "custom") return capital(path.slice("custom.".length).replace(/^x-/, "").replace(/[-_]/g, " "));
  const part = path.split("/")[2];
  const words = fieldWords[field];
  return capital(part ?? words?.one ?? field);
}

/** How several values of a field are called: "mobile numbers", "roles". */
export function valuesOf(path: string, label: string): string {
  const words = fieldWords[fieldOf(path)];
  const many = words?.many ?? `values of ${fieldTitle(path).toLowerCase()}`;
  return label ? `${label.toLowerCase()} ${many}` : many;
}

/** What one value of a field is called: "number", "role". */
export function oneOf(path: string): string {
  return fieldWords[fieldOf(path)]?.one ?? "value";
}

/** What a button that uses one value says. */
export function useThis(path: string): string {
  return `Use this ${oneOf(path)}`;
}

/** A value as shown: dates in words, everything else as typed. */
export function shownValue(path: string, value: string): string {
  const field = fieldOf(path);
  return field === "birthday" || field === "dates" ? dateWords(value) : value;
}

/** An address in one line. */
export function addressLine(address: Address): string {
  const town = [address.postcode, address.city].filter(Boolean).join(" ");
  return [address.street, town, address.region, address.country].filter(Boolean).join(", ");
}

/** "every 6 weeks" from `6w`; anything else as it is. */
export function rhythmWords(rhythm: string): string {
  const parts = /^(\d+)([dwmy])$/.exec(rhythm);
  if (!parts) return rhythm;
  const noun = { d: "day", w: "week", m: "month", y: "year" }[parts[2] as "d" | "w" | "m" | "y"];
  return parts[1] === "1" ? `every ${noun}` : `every ${parts[1]} ${noun}s`;
}

/** Whether an email looks finished. It is saved as typed either way. */
export function looksUnfinished(field: string, value: string): boolean {
  if (value === "") return false;
  if (field === "emails") return !/^[^@\s]+@[^@\s]+\.[^@\s]{2,}$/u.test(value);
  if (field === "phones") return (value.match(/\d/g) ?? []).length < 3;
  return false;
}

/** What opens when a value is followed; `null` for plain values. */
export function linkOf(field: string, value: string): string | null {
  if (field === "emails") return looksUnfinished(field, value) ? null : `mailto:${encodeURIComponent(value).replace(/%40/g, "@")}`;
  if (field === "phones") return looksUnfinished(field, value) ? null : `tel:${value.replace(/[^\d+*#]/g, "")}`;
  if (field === "urls") return /^https?:\/\//i.test(value) ? value : /^[\w-]+(\.[\w-]+)+(\/|$)/.test(value) ? `https://${value}` : null;
  return null;
}
