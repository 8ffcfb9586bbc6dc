/** Every icon the window uses: Lucide by name, and a few drawn for Tuttu on the same 24 px grid. */
import ArrowRight from "@lucide/svelte/icons/arrow-right";
import ArrowUpDown from "@lucide/svelte/icons/arrow-up-down";
import BadgeCheck from "@lucide/svelte/icons/badge-check";
import Ban from "@lucide/svelte/icons/ban";
import Cake from "@lucide/svelte/icons/cake";
import Calendar from "@lucide/svelte/icons/calendar";
import Check from "@lucide/svelte/icons/check";
import ChevronDown from "@lucide/svelte/icons/chevron-down";
import ChevronRight from "@lucide/svelte/icons/chevron-right";
import ChevronUp from "@lucide/svelte/icons/chevron-up";
import CircleAlert from "@lucide/svelte/icons/circle-alert";
import Clock from "@lucide/svelte/icons/clock";
import Copy from "@lucide/svelte/icons/copy";
import Ellipsis from "@lucide/svelte/icons/ellipsis";
import ExternalLink from "@lucide/svelte/icons/external-link";
import Download from "@lucide/svelte/icons/download";
import Eye from "@lucide/svelte/icons/eye";
import FileText from "@lucide/svelte/icons/file-text";
import Handshake from "@lucide/svelte/icons/handshake";
import HardDrive from "@lucide/svelte/icons/hard-drive";
import History from "@lucide/svelte/icons/history";
import Info from "@lucide/svelte/icons/info";
import KeyRound from "@lucide/svelte/icons/key-round";
import Keyboard from "@lucide/svelte/icons/keyboard";
import Laptop from "@lucide/svelte/icons/laptop";
import Layers from "@lucide/svelte/icons/layers";
import Link from "@lucide/svelte/icons/link";
import Lock from "@lucide/svelte/icons/lock";
import LogIn from "@lucide/svelte/icons/log-in";
import Mail from "@lucide/svelte/icons/mail";
import MapPin from "@lucide/svelte/icons/map-pin";
import MessageCircle from "@lucide/svelte/icons/message-circle";
import Monitor from "@lucide/svelte/icons/monitor";
import NotebookPen from "@lucide/svelte/icons/notebook-pen";
import Package from "@lucide/svelte/icons/package";
import Palette from "@lucide/svelte/icons/palette";
import Paperclip from "@lucide/svelte/icons/paperclip";
import Pencil from "@lucide/svelte/icons/pencil";
import Phone from "@lucide/svelte/icons/phone";
import Plus from "@lucide/svelte/icons/plus";
import RefreshCw from "@lucide/svelte/icons/refresh-cw";
import RotateCcw from "@lucide/svelte/icons/rotate-ccw";
import Rows2 from "@lucide/svelte/icons/rows-2";
import Rows3 from "@lucide/svelte/icons/rows-3";
import Search from "@lucide/svelte/icons/search";
import Stethoscope from "@lucide/svelte/icons/stethoscope";
import Settings from "@lucide/svelte/icons/settings-2";
import Tag from "@lucide/svelte/icons/tag";
import Trash from "@lucide/svelte/icons/trash-2";
import TriangleAlert from "@lucide/svelte/icons/triangle-alert";
import Upload from "@lucide/svelte/icons/upload";
import UserPlus from "@lucide/svelte/icons/user-plus";
import User from "@lucide/svelte/icons/user-round";
import Users from "@lucide/svelte/icons/users";
import Waypoints from "@lucide/svelte/icons/waypoints";
import WifiOff from "@lucide/svelte/icons/wifi-off";
import X from "@lucide/svelte/icons/x";

export const lucide = {
  "arrow-right": ArrowRight,
  sort: ArrowUpDown,
  verified: BadgeCheck,
  block: Ban,
  cake: Cake,
  calendar: Calendar,
  check: Check,
  "chevron-down": ChevronDown,
  "chevron-right": ChevronRight,
  "chevron-up": ChevronUp,
  "circle-alert": CircleAlert,
  clock: Clock,
  copy: Copy,
  ellipsis: Ellipsis,
  download: Download,
  external: ExternalLink,
  eye: Eye,
  file: FileText,
  handshake: Handshake,
  "hard-drive": HardDrive,
  history: History,
  info: Info,
  key: KeyRound,
  keyboard: Keyboard,
  laptop: Laptop,
  layers: Layers,
  link: Link,
  lock: Lock,
  "log-in": LogIn,
  mail: Mail,
  "map-pin": MapPin,
  message: MessageCircle,
  monitor: Monitor,
  note: NotebookPen,
  package: Package,
  palette: Palette,
  paperclip: Paperclip,
  pencil: Pencil,
  phone: Phone,
  plus: Plus,
  refresh: RefreshCw,
  restore: RotateCcw,
  "rows-2": Rows2,
  "rows-3": Rows3,
  search: Search,
  settings: Settings,
  examine: Stethoscope,
  tag: Tag,
  trash: Trash,
  warning: TriangleAlert,
  upload: Upload,
  "user-plus": UserPlus,
  user: User,
  users: Users,
  waypoints: Waypoints,
  "wifi-off": WifiOff,
  x: X,
} as const;

/** Shapes drawn for Tuttu: strokes as paths, circles as `[cx, cy, r, filled]`, rectangles as `[x, y, width, height, rx]`. */
export interface Drawing {
  paths: readonly string[];
  circles?: readonly (readonly [number, number, number, boolean])[];
  rects?: readonly (readonly [number, number, number, number, number])[];
}

export const drawn = {
  mark: {
    paths: ["M18.9 8.2A8.5 8.5 0 1 1 14.6 4"],
    circles: [
      [18.4, 4.9, 2.6, true],
      [11.5, 12.2, 2.9, true],
    ],
  },
  choose: { paths: ["M12 21v-6", "M12 15c0-5-6-4-6-9", "M12 15c0-5 6-4 6-9", "m3 8.5 3-3.5 3 3.5", "m15 8.5 3-3.5 3 3.5"] },
  direct: {
    paths: ["M8 12h8"],
    circles: [
      [5, 12, 2.6, false],
      [19, 12, 2.6, false],
    ],
  },
  relay: {
    paths: ["m6.2 14.6 3.4-4.8", "m17.8 14.6-3.4-4.8"],
    circles: [
      [4.6, 16.5, 2.4, false],
      [19.4, 16.5, 2.4, false],
    ],
    rects: [[9.2, 4, 5.6, 5.6, 1.6]],
  },
  linkdev: {
    paths: ["M5 17h6", "M8 13v4", "M18.5 16.2h.5"],
    rects: [
      [2.5, 5, 11, 8, 1.6],
      [16, 9, 5.5, 10, 1.6],
    ],
  },
  notsent: { paths: ["M12 16V7", "m8 11 4-4 4 4", "M4 20h3", "M10.5 20h3", "M17 20h3"] },
  receiving: { paths: ["M12 5v9", "m8 10.500 4 4 4-4", "M4 20h3", "M10.5 20h3", "M17 20h3"] },
  org: {
    paths: ["M4 21V6.5L12 3v18", "M12 9.5h8V21", "M3 21h18", "M8 8.6v.01", "M8 12.6v.01", "M8 16.6v.01", "M16 13.6v.01", "M16 17.1v.01"],
  },
} as const satisfies Record<string, Drawing>;

export type IconName = keyof typeof lucide | keyof typeof drawn;
