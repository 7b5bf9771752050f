/**
 * The engine as a whole: what it is (`docker version`), how it stands (`docker info`) and what takes its space (`docker system df`).
 * It owns no objects of its own; it asks the other domains through {@link Inventory}.
 */
export { engineVersion, type Inventory, type MachineFacts, SystemService } from "./service.ts";
