import { exposeRpc } from "../../worker/rpc/expose.ts";
import { FakeHost } from "./fake-host.ts";

exposeRpc(new FakeHost());
