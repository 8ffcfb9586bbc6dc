import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { Failure } from "$platform";
import FieldRow from "$views/record/FieldRow.svelte";
import Words from "$views/spaces/Words.svelte";
import Qr from "$views/spaces/Qr.svelte";

function phone(onsave = vi.fn(async () => undefined), extra = {}) {
  render(FieldRow, { field: "phones", label: "mobile", value: "+44 1", onsave, ...extra });
  return onsave;
}
const begin = async () => {
  await fireEvent.click(screen.getByTestId("field-phones-value"));
  return waitFor(() => screen.getByTestId("field-phones-input"));
};

describe("a field in place", () => {
  it("saves with Enter and says so", async () => {
    const onsave = phone();
    const input = await begin();
    await fireEvent.input(input, { target: { value: " +44 2 " } });
    await fireEvent.keyDown(input, { key: "Enter" });
    expect(onsave).toHaveBeenCalledWith("+44 2");
    expect(onsave).toHaveBeenCalledTimes(1);
    await waitFor(() => screen.getByText("saved here"));
  });

  it("saves when it is left, and not when nothing changed", async () => {
    const onsave = phone();
    await fireEvent.blur(await begin());
    expect(onsave).not.toHaveBeenCalled();
    const input = await begin();
    await fireEvent.input(input, { target: { value: "+44 3" } });
    await fireEvent.blur(input);
    expect(onsave).toHaveBeenCalledWith("+44 3");
  });

  it("gives the old value back with Esc", async () => {
    const onsave = phone();
    const input = await begin();
    await fireEvent.input(input, { target: { value: "nonsense" } });
    await fireEvent.keyDown(input, { key: "Escape" });
    expect(onsave).not.toHaveBeenCalled();
    await waitFor(() => expect(screen.getByTestId("field-phones-value").textContent).toBe("+44 1"));
  });

  it("keeps what was typed when it could not be saved", async () => {
    phone(
      vi.fn(async () => {
        throw new Failure({ code: "disk-full", message: "The disk is full.", hint: "" });
      }),
    );
    const input = await begin();
    await fireEvent.input(input, { target: { value: "+44 4" } });
    await fireEvent.keyDown(input, { key: "Enter" });
    await waitFor(() => screen.getByText("Not saved. The disk is full."));
    expect((screen.getByTestId("field-phones-input") as HTMLInputElement).value).toBe("+44 4");
  });

  it("shows both values of a conflict and offers no editing", () => {
    const value = { by: "Maria", mine: false, at: "", computer: "" };
    const conflict = {
      id: "p",
      space: "s",
      name: "Priya",
      field: "phones/x",
      label: "mobile",
      both: true,
      values: [
        { n: 1, value: "+44 1", ...value },
        { n: 2, value: "", ...value },
      ],
    };
    phone(undefined, { conflict });
    screen.getByText("2 values kept");
    screen.getByText("removed");
    expect(screen.queryByTestId("field-phones-value")).toBeNull();
  });

  it("has no buttons for who can only see", () => {
    phone(undefined, { readonly: true, onremove: async () => undefined, onlabel: async () => undefined });
    expect(screen.queryAllByRole("button").filter((button) => !button.getAttribute("aria-label")?.startsWith("Open"))).toEqual([]);
  });
});

describe("sharing parts", () => {
  it("number the words", () => {
    render(Words, { words: ["birch", "ladder", "otter", "seventeen"], testid: "join-words" });
    expect(screen.getAllByRole("listitem").map((item) => item.textContent)).toEqual(["1birch", "2ladder", "3otter", "4seventeen"]);
  });

  it("draw a QR code without HTML from outside", () => {
    render(Qr, { rows: ["11", "01"], label: "QR code" });
    expect(screen.getByRole("img").querySelector("path")?.getAttribute("d")).toBe("M0 0h2v1h-2zM1 1h1v1h-1z");
  });
});
