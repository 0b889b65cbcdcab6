/* The minimal loop: compile a schema, and let a model that prefers high token ids write a
 * text of it. Prints the text; anything wrong ends the program with status 1. */

#include "formwork.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(formwork_status status, formwork_error *error, const char *what) {
  if (status == FORMWORK_STATUS_OK) return;
  fprintf(stderr, "%s: %s\n", what, error ? formwork_error_message(error) : "no message");
  exit(1);
}

static void expect(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "this does not hold: %s\n", what);
  exit(1);
}

static bool never(void *user) {
  *(int *)user += 1;
  return true;
}

/* A vocabulary of all bytes, and a token that ends the text. */
static formwork_vocab *all_bytes(void) {
  uint8_t bytes[256];
  size_t lengths[257];
  for (size_t i = 0; i < 256; i++) {
    bytes[i] = (uint8_t)i;
    lengths[i] = 1;
  }
  lengths[256] = 0;
  const uint32_t stop = 256;
  formwork_vocab *vocab = NULL;
  formwork_error *error = NULL;
  check(formwork_vocab_from_bytes(bytes, lengths, 257, &stop, 1, &vocab, &error), error, "vocab");
  return vocab;
}

static void errors_are_told(const formwork_compiler *compiler) {
  formwork_grammar *grammar = NULL;
  formwork_error *error = NULL;
  const char *bad = "{\"properties\": {\"a\": {\"type\": \"nothing\"}}}";
  formwork_status status = formwork_compile(compiler, FORMWORK_NOTATION_JSON_SCHEMA,
                                            (const uint8_t *)bad, strlen(bad), NULL, &grammar,
                                            &error);
  expect(status == FORMWORK_STATUS_INVALID_INPUT && grammar == NULL, "a bad schema is refused");
  expect(formwork_error_status(error) == status, "the error knows its status");
  expect(strcmp(formwork_error_pointer(error), "/properties/a") == 0, "it knows the place");
  formwork_error_free(error);

  int asked = 0;
  const formwork_options options = {.stop = never, .user = &asked};
  const char *hard = "(a|b)*a(a|b){12}";
  status = formwork_compile(compiler, FORMWORK_NOTATION_REGEX, (const uint8_t *)hard,
                            strlen(hard), &options, &grammar, NULL);
  expect(status == FORMWORK_STATUS_STOPPED && asked > 0, "compiling is stopped");

  status = formwork_compile(NULL, FORMWORK_NOTATION_REGEX, NULL, 0, NULL, &grammar, &error);
  expect(status == FORMWORK_STATUS_BAD_CALL, "null is an error");
  formwork_error_free(error);
  status = formwork_compile(compiler, 42, (const uint8_t *)"a", 1, NULL, &grammar, &error);
  expect(status == FORMWORK_STATUS_BAD_CALL, "an unknown notation is an error");
  formwork_error_free(error);
  status = formwork_compile(compiler, FORMWORK_NOTATION_REGEX, (const uint8_t *)"\xff", 1, NULL,
                            &grammar, &error);
  expect(status == FORMWORK_STATUS_BAD_CALL, "what is not UTF-8 is an error");
  formwork_error_free(error);
}

int main(void) {
  formwork_vocab *vocab = all_bytes();
  const size_t words = formwork_vocab_mask_words(vocab);
  expect(formwork_vocab_len(vocab) == 257 && words == 9, "sizes");

  formwork_compiler *compiler = NULL;
  formwork_error *error = NULL;
  check(formwork_compiler_new(vocab, 0, &compiler, &error), error, "compiler");
  formwork_vocab_free(vocab);

  const char *schema = "{\"type\": \"array\", \"items\": {\"enum\": [\"red\", \"green\"]},"
                       " \"minItems\": 2, \"maxItems\": 2}";
  const formwork_options compact = {.whitespace = -1};
  formwork_grammar *grammar = NULL;
  check(formwork_compile(compiler, FORMWORK_NOTATION_JSON_SCHEMA, (const uint8_t *)schema,
                         strlen(schema), &compact, &grammar, &error),
        error, "compile");
  expect(formwork_grammar_is_exact(grammar), "the schema is compiled exactly");
  errors_are_told(compiler);
  formwork_compiler_free(compiler);

  formwork_matcher *matcher = NULL;
  check(formwork_matcher_new(grammar, &matcher, &error), error, "matcher");
  expect(formwork_grammar_heap_bytes(grammar) > 0, "a grammar takes memory");
  formwork_grammar_free(grammar);

  /* Two rows at once: one text that goes on, one at its start. */
  formwork_matcher *start = NULL;
  check(formwork_matcher_fork(matcher, &start, &error), error, "fork");
  uint32_t *rows = malloc(2 * words * sizeof *rows);
  char text[64];
  size_t length = 0;
  while (!formwork_matcher_is_terminated(matcher)) {
    const formwork_matcher *both[2] = {matcher, start};
    check(formwork_fill_masks(both, 2, rows, words, &error), error, "masks");
    expect(rows[words + '[' / 32] >> ('[' % 32) & 1, "a text begins with a bracket");
    uint32_t token = 256;
    while (token > 0 && !(rows[token / 32] >> (token % 32) & 1)) token--;
    expect(token > 0, "some token is allowed");
    check(formwork_matcher_push(matcher, token, &error), error, "push");
    if (token < 256 && length + 1 < sizeof text) text[length++] = (char)token;
  }
  text[length] = 0;
  puts(text);

  const uint32_t tokens[3] = {'[', '"', 'x'};
  size_t read = 0;
  check(formwork_matcher_validate_tokens(start, tokens, 3, &read, &error), error, "validate");
  expect(read == 2, "two tokens can be read");
  uint32_t forced[8];
  check(formwork_matcher_forced_tokens(start, forced, 8, &read, &error), error, "forced");
  expect(read == 2 && forced[0] == '[' && forced[1] == '"', "the start is forced");
  check(formwork_matcher_push_bytes(start, (const uint8_t *)"[\"red", 5, &error), error, "bytes");
  expect(formwork_matcher_push(start, 'x', NULL) == FORMWORK_STATUS_REJECTED, "refused");
  formwork_matcher_rollback(start, 1);
  check(formwork_matcher_fill_mask(start, rows, words, &error), error, "mask");
  expect(rows['[' / 32] == 1u << ('[' % 32), "only the bracket");
  expect(formwork_matcher_fill_mask(start, rows, words - 1, NULL) == FORMWORK_STATUS_BAD_CALL,
         "a short row is an error");
  formwork_matcher_reset(start);
  expect(!formwork_matcher_is_complete(start), "nothing is not a text");
  free(rows);
  formwork_matcher_free(start);
  formwork_matcher_free(matcher);
  formwork_matcher_free(NULL);
  return 0;
}
