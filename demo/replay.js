// Copyright 2026 The codefusion-hf authors.
// SPDX-License-Identifier: Apache-2.0

// Shows one of the steps of a run, the first being 1; they are all on the page.
window.showStep = (place, step) => {
  const frames = document.querySelectorAll(`#${place} .frame`);
  if (frames.length > 1) frames.forEach((frame, index) => { frame.hidden = index + 1 !== step; });
};
