use super::{ChatTemplate, Message, without_generation};
use crate::{ModelError, ModelErrorKind};

fn render(template: &str, messages: &[Message]) -> Result<String, ModelError> {
    ChatTemplate::from_text(template)?.render(messages, true, "<s>", "</s>")
}

fn hello() -> Vec<Message> {
    vec![Message::new("user", " Hello ")]
}

#[test]
fn chatml() {
    let template = "{% for message in messages %}\n    {{ '<|im_start|>' + message['role'] + '\\n' \
                    + message.content + '<|im_end|>' + '\\n' }}\n{% endfor %}\n\
                    {% if add_generation_prompt %}\n<|im_start|>assistant\n{% endif %}";
    assert_eq!(
        render(template, &hello()).as_deref(),
        Ok("    <|im_start|>user\n Hello <|im_end|>\n\n<|im_start|>assistant\n")
    );
}

#[test]
fn what_templates_of_llama_use() {
    let template = "{{- bos_token }}{%- set ns = namespace(n=0) %}\
        {%- if not date_string is defined %}{% set date_string = strftime_now('%Y') %}{% endif %}\
        {%- if tools is none and not tools %}none{%- endif %}\
        {%- for m in messages %}{% if m['content'] is string and 'tool_calls' not in m %}\
        {%- set ns.n = ns.n + 1 %}[{{ m.role.upper() }}|{{ m['content'] | trim }}|\
        {{ m.content.strip().split('l')[0] }}|{{ loop.index0 }}|{{ loop.last }}]\
        {%- endif %}{%- endfor %}{{ ns.n }}{{ date_string | length }}{{ eos_token }}";
    assert_eq!(
        render(template, &hello()).as_deref(),
        Ok("<s>none[USER|Hello|He|0|True]14</s>")
    );
}

#[test]
fn macros_and_breaks() {
    let template = "{% macro say(x) %}<{{ x }}>{% endmacro %}{% for m in messages[::-1] %}\
                    {{ say(m.role) }}{% break %}{% endfor %}";
    assert_eq!(render(template, &hello()).as_deref(), Ok("<user>"));
}

#[test]
fn json_is_that_of_python() {
    let template = "{{ messages | tojson }}\n{{ {'a': [1, 2]} | tojson(indent=2) }}";
    let messages = [Message::new("user", "<b> & 'ü'")];
    assert_eq!(
        render(template, &messages).as_deref(),
        Ok("[{\"role\": \"user\", \"content\": \"<b> & 'ü'\"}]\n\
            {\n  \"a\": [\n    1,\n    2\n  ]\n}")
    );
}

#[test]
fn nothing_is_escaped() {
    let messages = [Message::new("user", "<a href=\"x\">{{ 1 }}</a>")];
    assert_eq!(
        render("{{ messages[0].content }}", &messages).as_deref(),
        Ok("<a href=\"x\">{{ 1 }}</a>")
    );
}

#[test]
fn what_a_template_refuses() {
    let error = render("{{ raise_exception('roles must alternate') }}", &hello());
    let error = error.expect_err("a refusal");
    assert_eq!(error.kind(), ModelErrorKind::Request);
    assert!(
        error.to_string().contains("roles must alternate"),
        "{error}"
    );
}

#[test]
fn broken_templates() {
    for template in ["{% if %}", "{{", "{% for %}{% endfor %}", "{% nonsense %}"] {
        let error = ChatTemplate::from_text(template).expect_err(template);
        assert_eq!(error.kind(), ModelErrorKind::Unsupported);
    }
    let long = " ".repeat(super::MAX_TEMPLATE_BYTES + 1);
    assert!(ChatTemplate::from_text(&long).is_err());
}

#[test]
fn steps_and_memory_are_limited() {
    for template in [
        "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
        "{% set ns = namespace(x='0123456789abcdef') %}\
         {% for a in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ 'x' * 1000000000 }}",
        "{% include 'chat_template' %}",
    ] {
        assert!(render(template, &hello()).is_err(), "{template}");
    }
}

#[test]
fn long_chats_are_not_too_many_steps() {
    let messages = vec![Message::new("user", "word ".repeat(200)); 1000];
    let template = "{% for m in messages %}{{ m.role + m.content | trim }}{% endfor %}";
    assert!(render(template, &messages).is_ok_and(|text| text.len() > 1_000_000));
}

#[test]
fn marks_for_training_print_nothing() {
    let template = "a{% generation %}b{%- endgeneration -%} c{% x";
    assert_eq!(
        without_generation(template),
        "a{% if true %}b{%- endif -%} c{% x"
    );
    let template = "{%- generation -%} {{ messages[0].content }}{% endgeneration %}";
    assert_eq!(render(template, &hello()).as_deref(), Ok(" Hello "));
}

#[test]
fn dates() {
    let at = |seconds, format| {
        let time = chrono::DateTime::from_timestamp(seconds, 0).expect("a time");
        super::date(time, format).ok()
    };
    let days = [
        (0, "Thursday 01 Jan 1970, day 001"),
        (951_782_400, "Tuesday 29 Feb 2000, day 060"),
        (4_107_542_400, "Monday 01 Mar 2100, day 060"),
    ];
    for (seconds, wanted) in days {
        assert_eq!(at(seconds, "%A %d %b %Y, day %j").as_deref(), Some(wanted));
    }
    let noon = 1_735_732_805; // 2025-01-01 12:00:05
    assert_eq!(
        at(noon, "%F %T %I %p %-d/%-m %y %%").as_deref(),
        Some("2025-01-01 12:00:05 12 PM 1/1 25 %")
    );
    assert_eq!(at(noon, "%Q"), None);
}

#[test]
fn tools_and_their_calls() {
    let template = "{% for t in tools %}{{ t.function.name }}{{ t.most }}{% endfor %}\
                    {% for m in messages %}{% for c in m.tool_calls %}\
                    |{{ c.function.arguments | tojson }}{% endfor %}{% endfor %}";
    let template = ChatTemplate::from_text(template).expect("a template");
    assert!(template.reads_tools());
    let tools = [serde_json::json!({"type": "function", "function": {"name": "f"}, "most": 2.5})];
    let mut message = Message::new("assistant", "");
    message.tool_calls = vec![serde_json::json!({"function": {"arguments": {"a": 1}}})];
    let text = template.render_with_tools(&[message], &tools, true, "", "");
    assert_eq!(text.as_deref(), Ok("f2.5|{\"a\": 1}"));
    let none = ChatTemplate::from_text("{{ messages }}").expect("a template");
    assert!(!none.reads_tools());
}
