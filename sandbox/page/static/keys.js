/** Keys that work anywhere: 1, 2, 3 change who one is, "/" goes to the composer, Esc closes what lies on top. */
export function listenToKeys(desk) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.metaKey || event.ctrlKey || event.altKey) return;
    const field = event.target.closest?.("input, textarea, select");
    if (event.key === "Escape") close(desk, field);
    else if (field) return;
    else if (desk.workspace.people[Number(event.key) - 1])
      desk.become(desk.workspace.people[Number(event.key) - 1].id);
    else if (event.key === "/" && desk.place === "channel") {
      event.preventDefault();
      desk.channelPane.focus();
    }
  });
}

function close(desk, field) {
  if (desk.columns.drawerIsOpen) desk.toggleFleet(false);
  else if (desk.thread && !field?.value && !field?.closest("#channel")) desk.closeThread();
}
