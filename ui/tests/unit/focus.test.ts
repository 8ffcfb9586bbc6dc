import { afterEach, describe, expect, it } from "vitest";
import { keepFocus } from "$shared/focus";

let stop = () => {};
afterEach(() => {
  stop();
  document.body.replaceChildren();
});
const frames = async () => {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => requestAnimationFrame(resolve));
};
function page(html: string): (id: string) => HTMLElement {
  document.body.append(document.createRange().createContextualFragment(html));
  stop = keepFocus();
  return (id) => document.getElementById(id) as HTMLElement;
}

describe("the focus", () => {
  it("goes to what is near when its place goes away", async () => {
    const at = page(
      '<button id="far"></button><ul id="list"><li id="row"><button id="gone"></button></li><li><button id="near"></button></li></ul>',
    );
    at("gone").focus();
    at("row").remove();
    await frames();
    expect(document.activeElement?.id).toBe("near");
  });

  it("goes to the row a list stands at, and never into a text field", async () => {
    const at = page(
      '<main><input id="text"><button id="first"></button><div role="option" tabindex="0" id="row"></div><aside id="pane"><button id="gone"></button></aside></main>',
    );
    at("gone").focus();
    at("pane").remove();
    await frames();
    expect(document.activeElement?.id).toBe("row");
    at("row").remove();
    await frames();
    expect(document.activeElement?.id).toBe("first");
  });

  it("never to a button that does something final", async () => {
    const at = page(
      '<main><span id="c"><button id="gone"></button></span><button class="btn primary"></button><button id="safe"></button></main>',
    );
    at("gone").focus();
    at("c").remove();
    await frames();
    expect(document.activeElement?.id).toBe("safe");
  });

  it("stays where somebody put it meanwhile, or where nobody had it", async () => {
    const at = page('<main><button id="a"></button><input id="b"><span id="c"><button id="gone"></button></span></main>');
    at("gone").focus();
    at("c").remove();
    at("b").focus();
    await frames();
    expect(document.activeElement?.id).toBe("b");
    at("b").blur();
    at("a").remove();
    await frames();
    expect(document.activeElement).toBe(document.body);
  });
});
