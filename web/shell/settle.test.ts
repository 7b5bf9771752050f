import { expect, it } from "vitest";
import { settle } from "./settle.ts";

it.each([
  ["", "#/lesson/data/lost", "./?playground=lessons#/lesson/data/lost"],
  ["?playground=mine", "#/lesson/data/lost", "./?playground=lessons#/lesson/data/lost"],
  [
    "?lesson=https://example.org/lesson.yaml",
    "",
    "./?playground=lessons#/lesson/url/https%3A%2F%2Fexample.org%2Flesson.yaml",
  ],
])("a lesson is opened in the lessons' own playground: %s%s", (search, hash, address) => {
  expect(settle({ search, hash })).toEqual({ playground: "lessons", address });
});

it.each([
  ["", "", "default"],
  ["", "#/playground", "default"],
  ["?playground=mine", "#/containers", "mine"],
  ["?playground=lessons", "#/lesson/data/lost", "lessons"],
  ["?recipe=https://example.org/r.json", "", "default"],
])("all else stays where it is: %s%s", (search, hash, playground) => {
  expect(settle({ search, hash })).toEqual({ playground });
});
