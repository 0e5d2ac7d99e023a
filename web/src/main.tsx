import { render } from "preact";
import { App } from "./App";
import { followTheme } from "./draw/palette";
import { listenToKeys } from "./keys";
import { startLoop } from "./loop";
import { followPace } from "./pace";
import { door } from "./store";
import { WebSocketTransport, socketAddress } from "./transport";
import "./styles/index.css";

const transport = new WebSocketTransport(socketAddress(location));
door.send = (message) => transport.send(message);
transport.connect();
followTheme();
followPace();
listenToKeys();
startLoop(transport);
render(<App />, document.getElementById("page")!);
