import "@fontsource-variable/inter/opsz.css";
import "./styles/index.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { earlyTheme } from "$domain/theme.svelte";

earlyTheme();
const target = document.getElementById("app");
if (target) mount(App, { target });
