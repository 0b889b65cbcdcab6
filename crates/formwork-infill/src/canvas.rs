//! Canvases: what is known of a text, position by position.

use formwork_vocab::TokenId;

/// One piece of a canvas.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Tokens that are there already.
    Fixed(Vec<TokenId>),
    /// So many positions of which each becomes exactly one token.
    Masks(usize),
    /// Any number of tokens within bounds.
    Gap {
        /// The fewest tokens.
        min: usize,
        /// The most tokens.
        max: usize,
    },
    /// The end of the text. Whatever positions follow hold nothing but the end, too.
    End,
}

/// A text with open positions.
///
/// Its length is fixed but for its gaps. The text is what its tokens spell up to the
/// first end of text; an open position may become the end, if all after it can be that,
/// too. A canvas without an end holds a text that fills it, or ends within it.
///
/// ```
/// use formwork_infill::Canvas;
/// use formwork_vocab::TokenId;
///
/// let canvas = Canvas::new().fixed([TokenId(7)]).masks(3).gap(0, 2).end();
/// assert_eq!(canvas.positions(), 7);
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Canvas {
    pieces: Vec<Piece>,
}

impl Canvas {
    /// A canvas without positions.
    #[must_use]
    pub fn new() -> Canvas {
        Canvas::default()
    }

    /// Adds tokens that are known.
    #[must_use]
    pub fn fixed(self, tokens: impl IntoIterator<Item = TokenId>) -> Canvas {
        self.piece(Piece::Fixed(tokens.into_iter().collect()))
    }

    /// Adds positions that become one token each.
    #[must_use]
    pub fn masks(self, count: usize) -> Canvas {
        self.piece(Piece::Masks(count))
    }

    /// Adds from `min` to `max` tokens; none more than `max` if it is less than `min`.
    #[must_use]
    pub fn gap(self, min: usize, max: usize) -> Canvas {
        self.piece(Piece::Gap {
            min: min.min(max),
            max,
        })
    }

    /// Adds the end of the text.
    #[must_use]
    pub fn end(self) -> Canvas {
        self.piece(Piece::End)
    }

    /// Adds a piece.
    #[must_use]
    pub fn piece(mut self, piece: Piece) -> Canvas {
        self.pieces.push(piece);
        self
    }

    /// The pieces, in order.
    #[must_use]
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The number of positions, those that gaps may leave out included.
    #[must_use]
    pub fn positions(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Fixed(tokens) => tokens.len(),
            Piece::Masks(count) => *count,
            Piece::Gap { max, .. } => *max,
            Piece::End => 1,
        };
        let lengths = self.pieces.iter().map(length);
        lengths.fold(0, usize::saturating_add)
    }

    /// The cells of all positions; `ends` are the tokens that end a text.
    pub(crate) fn cells(&self, ends: &[TokenId]) -> Vec<Cell> {
        let mut cells = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Fixed(tokens) => {
                    cells.extend(tokens.iter().map(|&token| match ends.contains(&token) {
                        true => Cell::End,
                        false => Cell::Token(token),
                    }))
                }
                Piece::Masks(count) => cells.extend(std::iter::repeat_n(Cell::Open, *count)),
                Piece::Gap { min, max } => {
                    cells.extend(std::iter::repeat_n(Cell::Open, *min));
                    let after = cells.len() + (max - min);
                    cells.resize(after, Cell::Optional { after });
                }
                Piece::End => cells.push(Cell::End),
            }
        }
        cells
    }
}

/// What is known of one position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Cell {
    /// A token that does not end the text.
    Token(TokenId),
    /// Any token.
    Open,
    /// Any token, or no position at all, nor any before `after`.
    Optional { after: usize },
    /// The end of the text.
    End,
}

/// For each position and the end, whether all from there on can be the end of text.
pub(crate) fn closable(cells: &[Cell], ends: &[TokenId]) -> Vec<bool> {
    let mut closable = vec![true; cells.len() + 1];
    let mut all = true;
    for (closes, cell) in closable.iter_mut().zip(cells).rev() {
        all &= match cell {
            Cell::End => true,
            Cell::Open | Cell::Optional { .. } => !ends.is_empty(),
            Cell::Token(_) => false,
        };
        *closes = all;
    }
    closable
}
