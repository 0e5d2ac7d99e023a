import { render } from "preact";
import { followAddress } from "./address";
import { App } from "./App";
import { startLoop } from "./loop";
import { door } from "./store";
import { WebSocketTransport, socketAddress } from "./transport";
import "./styles/index.css";

const transport = new WebSocketTransport(socketAddress(location));
door.send = (message) => transport.send(message);
transport.connect();
followAddress();
startLoop(transport);
render(<App />, document.getElementById("page")!);
