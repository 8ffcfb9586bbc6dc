import type { IconName } from "$shared/icons";

/** The icon of a sync line's kind. */
export function syncIcon(kind: string): IconName {
  const icons: Record<string, IconName> = {
    local: "lock",
    all: "direct",
    pending: "notsent",
    offline: "wifi-off",
    receiving: "receiving",
    trouble: "circle-alert",
  };
  return icons[kind] ?? "info";
}

/** Whether a kind is shown in cloudberry. */
export function needsAttention(kind: string): boolean {
  return kind === "pending" || kind === "offline" || kind === "trouble" || kind === "receiving";
}
