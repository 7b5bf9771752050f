#include <stdlib.h>

#include "agent.h"

static const uint8_t *take(struct reader *r, size_t length) {
  if (r->bad || (size_t)(r->end - r->at) < length) {
    r->bad = true;
    return NULL;
  }
  const uint8_t *at = r->at;
  r->at += length;
  return at;
}

uint8_t read_u8(struct reader *r) {
  const uint8_t *at = take(r, 1);
  return at == NULL ? 0 : *at;
}

uint16_t read_u16(struct reader *r) {
  const uint8_t *at = take(r, 2);
  uint16_t value = 0;
  if (at != NULL) memcpy(&value, at, 2);
  return value;
}

uint32_t read_u32(struct reader *r) {
  const uint8_t *at = take(r, 4);
  uint32_t value = 0;
  if (at != NULL) memcpy(&value, at, 4);
  return value;
}

uint64_t read_u64(struct reader *r) {
  const uint8_t *at = take(r, 8);
  uint64_t value = 0;
  if (at != NULL) memcpy(&value, at, 8);
  return value;
}

const char *read_str(struct reader *r) {
  size_t length = read_u16(r);
  const uint8_t *at = take(r, length + 1);
  /* A NUL inside would cut the string short: what was checked would not be what is used. */
  if (at == NULL || at[length] != 0 || memchr(at, 0, length) != NULL) {
    r->bad = true;
    return "";
  }
  return (const char *)at;
}

const uint8_t *read_data(struct reader *r, uint32_t *length) {
  *length = read_u32(r);
  const uint8_t *at = take(r, *length);
  if (at == NULL) *length = 0;
  return at;
}

uint8_t *buffer_room(struct buffer *b, size_t more) {
  if (b->capacity - b->length < more) {
    if (more > RESULT_MAX || b->length + more > RESULT_MAX) return NULL;
    size_t capacity = b->capacity == 0 ? 64 << 10 : b->capacity;
    while (capacity < b->length + more) capacity *= 2;
    uint8_t *data = realloc(b->data, capacity);
    if (data == NULL) return NULL;
    b->data = data;
    b->capacity = capacity;
  }
  return b->data + b->length;
}

int put_bytes(struct buffer *b, const void *bytes, size_t length) {
  uint8_t *at = buffer_room(b, length);
  if (at == NULL) return -EMSGSIZE;
  if (length > 0) memcpy(at, bytes, length);
  b->length += length;
  return 0;
}

int put_u8(struct buffer *b, uint8_t value) { return put_bytes(b, &value, 1); }
int put_u16(struct buffer *b, uint16_t value) { return put_bytes(b, &value, 2); }
int put_u32(struct buffer *b, uint32_t value) { return put_bytes(b, &value, 4); }
int put_u64(struct buffer *b, uint64_t value) { return put_bytes(b, &value, 8); }

int put_str(struct buffer *b, const char *text) {
  size_t length = strnlen(text, UINT16_MAX);
  int e = put_u16(b, (uint16_t)length);
  if (e == 0) e = put_bytes(b, text, length);
  return e == 0 ? put_u8(b, 0) : e;
}

int put_data(struct buffer *b, const void *bytes, size_t length) {
  int e = put_u32(b, (uint32_t)length);
  return e == 0 ? put_bytes(b, bytes, length) : e;
}
