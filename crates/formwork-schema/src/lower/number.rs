//! Keywords about numbers.

use crate::draft::Draft;
use crate::json::Json;
use crate::node::{Bound, Literal, NodeId, TRUE};
use crate::resolve::Place;

use super::Lowering;

impl<'a> Lowering<'a> {
    pub(super) fn number_keyword(
        &mut self,
        place: &Place<'a>,
        draft: Draft,
        keyword: &str,
        value: &'a Json,
    ) -> NodeId {
        let exclusive_keyword = keyword.starts_with("exclusive");
        if exclusive_keyword && matches!(value, Json::Bool(_)) {
            // Draft 4: a modifier of `minimum` or `maximum`, read there. Newer
            // drafts know no boolean here, but it is only seen in old schemas.
            return TRUE;
        }
        let Json::Number(number) = value else {
            return self.invalid(place, keyword, "must be a number");
        };
        if keyword == "multipleOf" {
            if number.is_negative() || number.is_zero() {
                return self.invalid(place, keyword, "must be greater than zero");
            }
            return self.nodes.literal(Literal::Multiple {
                of: number.clone(),
                holds: true,
            });
        }
        if exclusive_keyword && draft == Draft::V4 {
            return self.invalid(place, keyword, "must be a boolean in draft 4");
        }
        let modifier = match keyword {
            "minimum" => place.json.get("exclusiveMinimum"),
            "maximum" => place.json.get("exclusiveMaximum"),
            _ => None,
        };
        let bound = Some(Bound {
            value: number.clone(),
            exclusive: exclusive_keyword || modifier == Some(&Json::Bool(true)),
        });
        let low = matches!(keyword, "minimum" | "exclusiveMinimum");
        self.nodes.literal(if low {
            Literal::Range {
                low: bound,
                high: None,
            }
        } else {
            Literal::Range {
                low: None,
                high: bound,
            }
        })
    }
}
