/** Invented people for development and tests. */
import type {
  ComputerView,
  HistoryItem,
  InvitationView,
  MemberView,
  OwnComputerView,
  RecordView,
  SpaceSummary,
  TimelineItem,
} from "../../src/platform/bindings";

export const ids = { me: "k_ilona", own: "s_own", harbour: "s_harbour", north: "s_north", mill: "s_mill", priya: "p_priya" };

export function ago(days: number, hour = 12, minute = 0): string {
  const date = new Date(Date.now());
  date.setDate(date.getDate() - days);
  date.setHours(hour, minute, 0, 0);
  return date.toISOString();
}

export function record(part: Partial<RecordView> & { id: string; kind: string; space: string; name: string }): RecordView {
  const stamp = { at: ago(200), by: "Ilona Varis" };
  return {
    given: "",
    family: "",
    middle: "",
    prefix: "",
    suffix: "",
    nickname: "",
    pronouns: "",
    emails: [],
    phones: [],
    addresses: [],
    orgs: [],
    urls: [],
    ims: [],
    birthday: "",
    dates: [],
    tags: [],
    notes: "",
    rhythm: "",
    custom: {},
    relations: [],
    text: "",
    at: "",
    duration: "",
    with: [],
    merged: [],
    distinct: [],
    created: stamp,
    changed: stamp,
    status: "",
    due: "",
    reminder: "",
    assignee: "",
    done: "",
    parent: "",
    start: "",
    end: "",
    timezone: "",
    allDay: false,
    recurrence: "",
    place: "",
    direction: "",
    followup: "",
    snoozed: "",
    attachments: [],
    photo: "",
    languages: [],
    gender: "",
    phoneticGiven: "",
    phoneticMiddle: "",
    phoneticFamily: "",
    phoneticName: "",
    keys: [],
    identifiers: [],
    word: "",
    valueType: "",
    options: [],
    kinds: [],
    reverse: "",
    query: "",
    sort: "",
    columns: "",
    group: "",
    copies: [],
    moved: { item: "", space: "", id: "", fields: [] },
    conflicts: [],
    unknown: [],
    deleted: false,
    understood: {},
    flags: [],
    ...part,
  };
}

const named: [string, string, string, string][] = [
  ["Tomasz Wieczorek", "Procurement lead", "Gdynia Harbour Office", ids.harbour],
  ["Leilani Kahananui", "Director", "Pacific Commons Lab", ids.north],
  ["Yusuf Demirkan", "Finance lead", "Köprü Co-op", ids.own],
  ["Hanae Morisawa", "Curator", "Kawabe Museum", ids.north],
  ["Mateo Villalba", "Architect", "Taller Norte", ids.harbour],
  ["Guðrún Þorsteinsdóttir", "Grants officer", "Norðurljós Fund", ids.harbour],
  ["Ελένη Μαυρίδη", "Sound artist", "", ids.north],
  ["Søren Kjeldgaard", "Founder", "Fjordlys Studio", ids.own],
  ["Nguyễn Thu Hà", "Illustrator", "", ids.north],
  ["Kwame Asante-Boateng", "Civic technologist", "Open Quay", ids.north],
  ["Camille Desrosiers", "Translator, French and Portuguese", "", ids.own],
  ["Fatima-Zahra Ouazzani", "Programme manager", "Rif Arts Network", ids.own],
  ["Anahit Sargsyan", "Producer", "Northlight Festival", ids.harbour],
  ["Clotilde Prieto", "Printer", "Taller Norte", ids.own],
  ["Arjun Raghunathan", "", "", ids.own],
  ["Zuzana Novotná", "Librarian", "Old Mill Library", ids.mill],
];

const givenNames = ["Aino", "Bola", "Chiara", "Dmitri", "Esra", "Farid", "Grace", "Hugo", "Ines", "Jun", "Katya", "Lars", "Mina"];
const familyNames = ["Adeyemi", "Bergström", "Castillo", "Dąbrowska", "Eriksen", "Fontaine", "García", "Haddad", "Ivanova", "Jensen"];

export function people(many: number): RecordView[] {
  const list = named.map(([name, title, org, space], index) =>
    record({
      id: `p_${index}`,
      kind: "person",
      space,
      name,
      changed: { at: ago(index * 2, 9, index), by: index % 2 ? "Maria Quispe" : "Ilona Varis" },
      orgs: title || org ? [{ item: "a", org: "", name: org, title, department: "", since: "", until: "" }] : [],
      emails: [{ item: "e", label: "work", value: `person${index}@mail.example`, pref: false }],
    }),
  );
  list.push(
    record({
      id: ids.priya,
      kind: "person",
      space: ids.harbour,
      name: "Priya Raghunathan",
      given: "Priya",
      family: "Raghunathan",
      pronouns: "she/her",
      orgs: [{ item: "o1", org: "o_0", name: "Harbourline Trust", title: "Head of Partnerships", department: "", since: "", until: "" }],
      phones: [
        { item: "ph1", label: "mobile", value: "+44 7700 900142", pref: true },
        { item: "ph2", label: "work", value: "+44 141 496 0173", pref: false },
      ],
      emails: [{ item: "em1", label: "work", value: "priya@harbourline.example", pref: true }],
      addresses: [{ item: "ad1", label: "work", street: "14 Quayside Row", city: "Glasgow", region: "", postcode: "", country: "" }],
      birthday: "--12-03",
      dates: [{ item: "d1", label: "first met", value: "2021-05", pref: false }],
      tags: ["funder", "glasgow", "partner"],
      attachments: [
        { hash: "fa01", name: "terms-draft-2.pdf", type: "application/pdf", size: 214_016, missing: false },
        { hash: "fa02", name: "Site survey, all photographs.zip", type: "application/zip", size: 84_200_000, missing: true },
      ],
      notes: "Prefers the phone, mornings. Speaks English, Tamil, some Spanish.",
      relations: [
        { item: "r1", type: "introduced you", id: "p_7", name: "Søren Kjeldgaard", state: "" },
        { item: "r2", type: "negotiates with", id: "p_0", name: "Tomasz Wieczorek", state: "" },
      ],
      changed: { at: ago(6), by: "Maria Quispe" },
    }),
  );
  for (let index = list.length; index < many; index++) {
    const given = givenNames[index % givenNames.length] ?? "";
    const family = familyNames[Math.floor(index / givenNames.length) % familyNames.length] ?? "";
    const number = String(index).padStart(6, "0");
    list.push(
      record({
        id: `p_x${number}`,
        kind: "person",
        space: index % 3 ? ids.own : ids.harbour,
        name: `${given} ${family} ${number}`,
        emails: [{ item: "e", label: "work", value: `${given}.${number}@mail.example`.toLowerCase(), pref: false }],
        changed: { at: ago(30 + (index % 300)), by: "Ilona Varis" },
      }),
    );
  }
  return list;
}

export function orgs(): RecordView[] {
  return ["Harbourline Trust", "Open Quay", "Taller Norte", "Kawabe Museum"].map((name, index) =>
    record({ id: `o_${index}`, kind: "org", space: ids.harbour, name }),
  );
}

const computer = (id: string, name: string, state: string, pending: number, days: number, hour: number, minute: number, self = false) => ({
  id,
  name,
  this: self,
  state,
  lastSeen: ago(days, hour, minute),
  lastAck: ago(days, hour, minute),
  pending,
  trouble: "",
});

/** The computers of the person themselves. */
export function ownComputers(): OwnComputerView[] {
  const one = (computer: ComputerView, part: Partial<OwnComputerView> = {}): OwnComputerView => ({
    computer,
    revoked: false,
    revocable: !computer.this,
    spaces: ["My own", "Harbour Commons", "Northlight Festival", "Old Mill Library"],
    ...part,
  });
  return [
    one(computer("c_me", "Ilona’s ThinkPad", "direct", 0, 0, 14, 12, true)),
    one(computer("c_mini", "Ilona’s Mac mini", "lan", 0, 0, 14, 12)),
    one(computer("c_nas", "attic-nas", "away", 12, 2, 18, 40)),
    one(computer("c_old", "Old laptop", "away", 0, 90, 9, 0), { revoked: true, revocable: false, spaces: [] }),
  ];
}

export function members(): Record<string, MemberView[]> {
  const me: MemberView = {
    id: ids.me,
    name: "Ilona Varis",
    role: "owner",
    me: true,
    blocked: false,
    computers: [
      computer("c_me", "Ilona’s ThinkPad", "direct", 0, 0, 14, 12, true),
      computer("c_mini", "Ilona’s Mac mini", "lan", 0, 0, 14, 12),
    ],
  };
  const maria: MemberView = {
    id: "k_maria",
    name: "Maria Quispe",
    role: "editor",
    me: false,
    blocked: false,
    computers: [computer("c_maria", "Maria’s MacBook", "direct", 0, 0, 14, 11)],
  };
  const jon: MemberView = {
    id: "k_jon",
    name: "Jon Etxeberria",
    role: "editor",
    me: false,
    blocked: false,
    computers: [computer("c_jon", "jon-desktop", "relay", 2, 0, 14, 1), computer("c_jonl", "Jon’s laptop", "away", 31, 2, 18, 40)],
  };
  const tomasz: MemberView = {
    id: "k_tomasz",
    name: "Tomasz Wieczorek",
    role: "viewer",
    me: false,
    blocked: false,
    computers: [computer("c_tom", "Tomasz’s laptop", "away", 9, 3, 9, 2)],
  };
  const camille: MemberView = {
    id: "k_cam",
    name: "Camille Desrosiers",
    role: "editor",
    me: false,
    blocked: false,
    computers: [computer("c_cam", "atelier", "away", 0, 4, 10, 0)],
  };
  return {
    [ids.own]: [me],
    [ids.harbour]: [me, maria, jon, tomasz],
    [ids.north]: [
      me,
      { ...maria, role: "owner" },
      { ...camille },
      { ...jon, role: "viewer", computers: jon.computers.map((one) => ({ ...one, pending: 0 })) },
    ],
    [ids.mill]: [
      { ...me, role: "viewer" },
      { ...camille, role: "owner" },
    ],
  };
}

export function spaces(): SpaceSummary[] {
  const by = members();
  const one = (id: string, name: string, role = "owner"): SpaceSummary => ({
    id,
    name,
    private: id === ids.own,
    role,
    people: 0,
    orgs: 0,
    activities: 0,
    members: (by[id] ?? []).filter((member) => id === ids.own || !member.me),
  });
  return [
    one(ids.own, "My own"),
    one(ids.harbour, "Harbour Commons"),
    one(ids.north, "Northlight Festival", "editor"),
    one(ids.mill, "Old Mill Library", "viewer"),
  ];
}

export function timeline(): TimelineItem[] {
  const base = { space: ids.harbour, name: "", duration: "", private: false, mine: false };
  return [
    {
      ...base,
      kind: "call",
      id: "c_1",
      at: ago(6, 15),
      by: "Maria Quispe",
      text: "She can host the working session on 9 December. Wants the room list by Friday and a contact for catering.",
      duration: "18",
    },
    { ...base, kind: "change", id: "h_1", at: ago(16, 16, 20), by: "Maria Quispe", text: "set the role to Head of Partnerships" },
    { ...base, kind: "change", id: "h_2", at: ago(16, 16, 19), by: "Maria Quispe", text: "added the tag funder" },
    {
      ...base,
      kind: "email",
      id: "e_1",
      at: ago(21, 11, 2),
      by: "Jon Etxeberria",
      name: "Partnership terms, draft 2",
      text: "Hi Priya, here is the version with the shared credit clause moved to section 3. The numbers in annex B are unchanged.",
    },
    {
      ...base,
      kind: "call",
      id: "c_2",
      at: ago(34, 10),
      by: "Ilona Varis",
      mine: true,
      text: "A budget line of £40k is realistic, £60k is not. She will bring Tomasz to the table if we send a one-page summary before the board meets on 28 November.",
      duration: "22",
    },
    {
      ...base,
      kind: "note",
      id: "n_1",
      at: ago(34, 10, 30),
      by: "Ilona Varis",
      mine: true,
      private: true,
      text: "Sounded tired. Ask about the house move next time.",
    },
    {
      ...base,
      kind: "meeting",
      id: "m_1",
      at: ago(62, 9),
      by: "Ilona Varis",
      mine: true,
      name: "Kick-off, Glasgow",
      text: "Agreed on three work packages and who leads each.",
      duration: "120",
    },
  ];
}

export function history(): HistoryItem[] {
  const one = (
    days: number,
    hour: number,
    minute: number,
    field: string,
    old: string,
    next: string,
    by: string,
    computer: string,
  ): HistoryItem => ({
    id: ids.priya,
    change: `h${days}${hour}${minute}`,
    field,
    old,
    new: next,
    by,
    computer,
    at: ago(days, hour, minute),
  });
  return [
    one(2, 9, 40, "phones/ph1", "+44 7700 900111", "+44 7700 900187", "Maria Quispe", "Maria’s MacBook"),
    one(2, 9, 12, "phones/ph1", "+44 7700 900111", "+44 7700 900142", "Ilona Varis", "Ilona’s ThinkPad"),
    one(16, 16, 20, "orgs/o1/title", "Programme Manager", "Head of Partnerships", "Maria Quispe", "Maria’s MacBook"),
    one(16, 16, 19, "tags", "", "funder", "Maria Quispe", "Maria’s MacBook"),
    one(62, 9, 0, "addresses/ad1", "Pier Lane 2, Glasgow", "14 Quayside Row, Glasgow", "Ilona Varis", "Ilona’s Mac mini"),
  ];
}

/** Something that looks like a QR code. */
export function fakeQr(size = 33): string[] {
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const finder = (x: number, y: number) => {
    const at = (cx: number, cy: number) => Math.max(Math.abs(x - cx), Math.abs(y - cy));
    const rings = [at(3, 3), at(size - 4, 3), at(3, size - 4)];
    const near = Math.min(...rings);
    return near <= 4 ? (near === 2 || near === 4 ? "0" : "1") : null;
  };
  return Array.from({ length: size }, (_, y) =>
    Array.from({ length: size }, (_, x) => finder(x, y) ?? (next() > 0.5 ? "1" : "0")).join(""),
  );
}

export function invitation(part: Partial<InvitationView>): InvitationView {
  return {
    id: "i_1",
    link: "tuttu://join/AHC7QM2VK9DW4XB8NTELP3RKZ6SHQ1YAHC7QM2VK9DW4XB8NTELP3RKZ6SHQ1Y",
    qr: fakeQr(),
    space: ids.harbour,
    role: "editor",
    expires: ago(-1, 13, 40),
    made: ago(0, 13, 40),
    forWhom: "Anahit Sargsyan",
    state: "open",
    relay: "",
    auto: false,
    ...part,
  };
}
