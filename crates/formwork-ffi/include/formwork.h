/* formwork for C: exact token masks for JSON Schema and context-free grammars.
 *
 * Made by cbindgen of the crate formwork-ffi, whose documentation says who owns what,
 * and what threads may do. Do not edit. */

#ifndef FORMWORK_H
#define FORMWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * How a call ended.
 */
typedef enum formwork_status {
  /**
   * All went well.
   */
  FORMWORK_STATUS_OK = 0,
  /**
   * The constraint does not allow the token or bytes. The matcher is unchanged.
   */
  FORMWORK_STATUS_REJECTED = 1,
  /**
   * The text of a schema, a grammar or a vocabulary is at fault.
   */
  FORMWORK_STATUS_INVALID_INPUT = 2,
  /**
   * A limit was reached.
   */
  FORMWORK_STATUS_LIMIT = 3,
  /**
   * The caller's `stop` said so.
   */
  FORMWORK_STATUS_STOPPED = 4,
  /**
   * The call itself is wrong: a pointer is null, a row too short, a text not UTF-8.
   */
  FORMWORK_STATUS_BAD_CALL = 5,
} formwork_status;

/**
 * How the text of a grammar is written.
 */
typedef enum formwork_notation {
  /**
   * JSON Schema, drafts 4 to 2020-12.
   */
  FORMWORK_NOTATION_JSON_SCHEMA = 0,
  /**
   * The notation of Lark, as llguidance reads it.
   */
  FORMWORK_NOTATION_LARK = 1,
  /**
   * The notation of llama.cpp.
   */
  FORMWORK_NOTATION_GBNF = 2,
  /**
   * EBNF of the W3C or of ISO 14977.
   */
  FORMWORK_NOTATION_EBNF = 3,
  /**
   * A regular expression (ECMA-262) that whole texts match.
   */
  FORMWORK_NOTATION_REGEX = 4,
  /**
   * Structural tags, in JSON.
   */
  FORMWORK_NOTATION_STRUCTURAL_TAG = 5,
} formwork_notation;

/**
 * What went wrong, in words.
 */
typedef struct formwork_error formwork_error;

/**
 * Compiles grammars for one vocabulary, and keeps those it compiled.
 */
typedef struct formwork_compiler formwork_compiler;

/**
 * A compiled grammar.
 */
typedef struct formwork_grammar formwork_grammar;

/**
 * One text under a grammar.
 */
typedef struct formwork_matcher formwork_matcher;

/**
 * The tokens of a model.
 */
typedef struct formwork_vocab formwork_vocab;

/**
 * Choices for compiling. All bytes zero are the defaults.
 */
typedef struct formwork_options {
  /**
   * White space between JSON tokens: 0 for at most 32 bytes in a place, another positive
   * number for as many, -1 for none, -2 for any amount.
   */
  int32_t whitespace;
  /**
   * Properties come in the order of the schema, not in any.
   */
  bool schema_order;
  /**
   * A schema of which only a part can be compiled is refused.
   */
  bool strict;
  /**
   * Units of work, about a quarter of a microsecond each, beside the compiler's own limit;
   * 0 for no more than that.
   */
  uint64_t fuel;
  /**
   * Asked about every 0.1 ms whether to stop, on the thread that compiles; may be null.
   */
  bool (*stop)(void *user);
  /**
   * What `stop` is given.
   */
  void *user;
} formwork_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * How the call ended of which this is the error; `FORMWORK_STATUS_OK` for null.
 *
 * # Safety
 *
 * `error` is null or came from a function of this library and was not freed.
 */
enum formwork_status formwork_error_status(const struct formwork_error *error);

/**
 * What went wrong and what to do, in UTF-8; maybe several lines. It lives as long as the
 * error. Null for null.
 *
 * # Safety
 *
 * As for `formwork_error_status`.
 */
const char *formwork_error_message(const struct formwork_error *error);

/**
 * The JSON Pointer of the part of a schema that the error is about, as far as there is one;
 * an empty text otherwise. It lives as long as the error. Null for null.
 *
 * # Safety
 *
 * As for `formwork_error_status`.
 */
const char *formwork_error_pointer(const struct formwork_error *error);

/**
 * Frees an error.
 *
 * # Safety
 *
 * `error` is null or came from a function of this library and was not freed.
 */
void formwork_error_free(struct formwork_error *error);

/**
 * The vocabulary inside the library, for trying things out.
 *
 * # Safety
 *
 * Each of `out` and `error` is null or may be written to.
 */
enum formwork_status formwork_vocab_embedded(struct formwork_vocab **out,
                                             struct formwork_error **error);

/**
 * Reads a `tokenizer.json`.
 *
 * # Safety
 *
 * `json` points to `len` bytes. Each of `out` and `error` is null or may be written to.
 */
enum formwork_status formwork_vocab_from_tokenizer_json(const uint8_t *json,
                                                        size_t len,
                                                        struct formwork_vocab **out,
                                                        struct formwork_error **error);

/**
 * Makes a vocabulary of the bytes of all tokens, one behind the other in `bytes`. Token `i`
 * has `lengths[i]` of them; tokens without bytes are special. Those in `stops` end a text.
 *
 * # Safety
 *
 * `lengths` points to `tokens` numbers, `bytes` to as many bytes as they are together, and
 * `stops` to `stop_count` numbers. Each of `out` and `error` is null or may be written to.
 */
enum formwork_status formwork_vocab_from_bytes(const uint8_t *bytes,
                                               const size_t *lengths,
                                               size_t tokens,
                                               const uint32_t *stops,
                                               size_t stop_count,
                                               struct formwork_vocab **out,
                                               struct formwork_error **error);

/**
 * The number of tokens; 0 for null.
 *
 * # Safety
 *
 * `vocab` is null or came from a function of this library and was not freed.
 */
size_t formwork_vocab_len(const struct formwork_vocab *vocab);

/**
 * The words of 32 bits that the row of a mask needs at least; 0 for null.
 *
 * # Safety
 *
 * `vocab` is null or came from a function of this library and was not freed.
 */
size_t formwork_vocab_mask_words(const struct formwork_vocab *vocab);

/**
 * Frees a vocabulary.
 *
 * # Safety
 *
 * `vocab` is null or came from a function of this library and was not freed.
 */
void formwork_vocab_free(struct formwork_vocab *vocab);

/**
 * Makes a compiler. Takes about 10 ms for 128,000 tokens. `cache_bytes` are kept of grammars
 * that were compiled, 0 for 512 MiB.
 *
 * # Safety
 *
 * `vocab` is null or came from a function of this library and was not freed. Each of `out`
 * and `error` is null or may be written to.
 */
enum formwork_status formwork_compiler_new(const struct formwork_vocab *vocab,
                                           size_t cache_bytes,
                                           struct formwork_compiler **out,
                                           struct formwork_error **error);

/**
 * Compiles a schema or a grammar, or takes it from those that were compiled before.
 * `notation` is one of `formwork_notation`; `options` may be null for the defaults.
 *
 * # Safety
 *
 * `compiler` is null or came from a function of this library and was not freed; `source`
 * points to `len` bytes; `options` is null or points to options whose `stop`, if there is
 * one, may be called with `user` on this thread. Each of `out` and `error` is null or may be
 * written to.
 */
enum formwork_status formwork_compile(const struct formwork_compiler *compiler,
                                      uint32_t notation,
                                      const uint8_t *source,
                                      size_t len,
                                      const struct formwork_options *options,
                                      struct formwork_grammar **out,
                                      struct formwork_error **error);

/**
 * Frees a compiler; grammars that it made live on.
 *
 * # Safety
 *
 * `compiler` is null or came from a function of this library and was not freed.
 */
void formwork_compiler_free(struct formwork_compiler *compiler);

/**
 * Whether masks allow every text that the source means. If not, it is a part of them, never
 * more. False for null.
 *
 * # Safety
 *
 * `grammar` is null or came from a function of this library and was not freed.
 */
bool formwork_grammar_is_exact(const struct formwork_grammar *grammar);

/**
 * Bytes that the grammar takes by now, about; it learns while it runs. 0 for null.
 *
 * # Safety
 *
 * `grammar` is null or came from a function of this library and was not freed.
 */
size_t formwork_grammar_heap_bytes(const struct formwork_grammar *grammar);

/**
 * Makes a matcher at the start of a text. Takes no time to speak of.
 *
 * # Safety
 *
 * `grammar` is null or came from a function of this library and was not freed. Each of `out`
 * and `error` is null or may be written to.
 */
enum formwork_status formwork_matcher_new(const struct formwork_grammar *grammar,
                                          struct formwork_matcher **out,
                                          struct formwork_error **error);

/**
 * Frees a grammar; matchers that it made live on.
 *
 * # Safety
 *
 * `grammar` is null or came from a function of this library and was not freed.
 */
void formwork_grammar_free(struct formwork_grammar *grammar);

/**
 * Writes the mask of the next token: bit `i % 32` of word `i / 32` is 1 if token `i` is
 * allowed. The row has `words` words; those beyond the vocabulary are cleared.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library and was not freed; `row` points
 * to `words` words that nobody else uses meanwhile. `error` is null or may be written to.
 */
enum formwork_status formwork_matcher_fill_mask(const struct formwork_matcher *matcher,
                                                uint32_t *row,
                                                size_t words,
                                                struct formwork_error **error);

/**
 * Reads one token.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library, was not freed, and is used by
 * nobody else meanwhile. `error` is null or may be written to.
 */
enum formwork_status formwork_matcher_push(struct formwork_matcher *matcher,
                                           uint32_t token,
                                           struct formwork_error **error);

/**
 * Reads bytes, whatever the tokens; one push for `formwork_matcher_rollback`.
 *
 * # Safety
 *
 * As for `formwork_matcher_push`; `bytes` points to `len` bytes.
 */
enum formwork_status formwork_matcher_push_bytes(struct formwork_matcher *matcher,
                                                 const uint8_t *bytes,
                                                 size_t len,
                                                 struct formwork_error **error);

/**
 * Writes to `read` how many of `tokens` can be read one after the other from here; none is
 * read.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library and was not freed; `tokens`
 * points to `len` numbers. Each of `read` and `error` is null or may be written to.
 */
enum formwork_status formwork_matcher_validate_tokens(const struct formwork_matcher *matcher,
                                                      const uint32_t *tokens,
                                                      size_t len,
                                                      size_t *read,
                                                      struct formwork_error **error);

/**
 * Writes the tokens that must come next to `tokens`, at most `capacity` of them, and their
 * number to `len`. None is read.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library and was not freed; `tokens`
 * points to `capacity` numbers that may be written to. Each of `len` and `error` is null or
 * may be written to.
 */
enum formwork_status formwork_matcher_forced_tokens(const struct formwork_matcher *matcher,
                                                    uint32_t *tokens,
                                                    size_t capacity,
                                                    size_t *len,
                                                    struct formwork_error **error);

/**
 * Takes back the last `n` pushes, or all if there were fewer.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library, was not freed, and is used by
 * nobody else meanwhile.
 */
void formwork_matcher_rollback(struct formwork_matcher *matcher, size_t n);

/**
 * Back to the start of the text.
 *
 * # Safety
 *
 * As for `formwork_matcher_rollback`.
 */
void formwork_matcher_reset(struct formwork_matcher *matcher);

/**
 * Makes a second matcher at the same place. Takes no time to speak of.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library and was not freed. Each of `out`
 * and `error` is null or may be written to.
 */
enum formwork_status formwork_matcher_fork(const struct formwork_matcher *matcher,
                                           struct formwork_matcher **out,
                                           struct formwork_error **error);

/**
 * Whether the text may end here. False for null.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library and was not freed.
 */
bool formwork_matcher_is_complete(const struct formwork_matcher *matcher);

/**
 * Whether a stop token was read. False for null.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library and was not freed.
 */
bool formwork_matcher_is_terminated(const struct formwork_matcher *matcher);

/**
 * Fills row `i` of `rows`, `stride` words long, with the mask of matcher `i`.
 *
 * # Safety
 *
 * `matchers` points to `count` matchers, each of which came from a function of this library
 * and was not freed; `rows` points to `count * stride` words that nobody else uses meanwhile.
 * `error` is null or may be written to.
 */
enum formwork_status formwork_fill_masks(const struct formwork_matcher *const *matchers,
                                         size_t count,
                                         uint32_t *rows,
                                         size_t stride,
                                         struct formwork_error **error);

/**
 * Frees a matcher.
 *
 * # Safety
 *
 * `matcher` is null or came from a function of this library and was not freed.
 */
void formwork_matcher_free(struct formwork_matcher *matcher);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* FORMWORK_H */
