//! Schedulers by name.

use std::str::FromStr;

use formwork_vocab::TokenId;

use super::{
    AdaBlock, Ascending, Credit, Dream, DreamOrder, Eoser, Factor, FreeDave, Hierarchy, Llada,
    LladaOrder, LocalLeap, Prophet, Remask, Scheduler, Threshold,
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// The schedulers of this crate.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum SchedulerKind {
            $($(#[$doc])* $kind,)*
        }

        impl SchedulerKind {
            /// All of them.
            pub const ALL: &[SchedulerKind] = &[$(SchedulerKind::$kind,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(SchedulerKind::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// [`Llada`], the most confident positions first.
    Llada = "llada",
    /// [`Llada`], random positions first.
    LladaRandom = "llada-random",
    /// [`Dream`] as it was trained.
    DreamOrigin = "dream-origin",
    /// [`Dream`] by probability.
    DreamMaskgit = "dream-maskgit",
    /// [`Dream`] by margin.
    DreamMargin = "dream-margin",
    /// [`Dream`] by entropy.
    DreamEntropy = "dream-entropy",
    /// [`Threshold`].
    FastDllm = "fast-dllm",
    /// [`Factor`].
    FastDllmFactor = "fast-dllm-factor",
    /// [`Prophet`].
    Prophet = "prophet",
    /// [`AdaBlock`].
    AdaBlock = "adablock",
    /// [`LocalLeap`].
    LocalLeap = "localleap",
    /// [`Credit`].
    Credit = "credit",
    /// [`Eoser`].
    Eoser = "eoser",
    /// [`Ascending`] without EOSER.
    Ass = "ass",
    /// [`Ascending`].
    EoserAss = "eoser-ass",
    /// [`FreeDave`].
    FreeDave = "freedave",
    /// [`Remask`].
    Remask = "remask",
    /// [`Hierarchy`].
    Hierarchy = "hierarchy",
}

/// What schedulers have in common. What is not given is as published.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SchedulerOptions {
    /// The steps for the whole canvas, for those that have a number of them.
    pub steps: Option<usize>,
    /// The positions of a block, for those that have blocks.
    pub block: Option<usize>,
    /// What ends a block of [`AdaBlock`].
    pub delimiters: Vec<TokenId>,
}

impl SchedulerKind {
    /// A scheduler of the kind.
    #[must_use]
    pub fn build(self, options: &SchedulerOptions) -> Box<dyn Scheduler> {
        let steps = |default: usize| options.steps.unwrap_or(default);
        let block = |default: usize| options.block.unwrap_or(default);
        let llada = |order| Box::new(Llada::new(steps(128), block(128), order));
        let dream = |order| Box::new(Dream::new(steps(512), order));
        match self {
            SchedulerKind::Llada => llada(LladaOrder::Confident),
            SchedulerKind::LladaRandom => llada(LladaOrder::Random),
            SchedulerKind::DreamOrigin => dream(DreamOrder::Origin),
            SchedulerKind::DreamMaskgit => dream(DreamOrder::Probability),
            SchedulerKind::DreamMargin => dream(DreamOrder::Margin),
            SchedulerKind::DreamEntropy => dream(DreamOrder::Entropy),
            SchedulerKind::FastDllm => Box::new(Threshold::new(0.9, block(32))),
            SchedulerKind::FastDllmFactor => Box::new(Factor::new(1.0, block(32))),
            SchedulerKind::Prophet => Box::new(Prophet::new([7.5, 5.0, 2.5], block(32))),
            SchedulerKind::AdaBlock => {
                Box::new(AdaBlock::new(options.delimiters.clone()).size(block(32)))
            }
            SchedulerKind::LocalLeap => Box::new(LocalLeap::new(0.9, 0.75, 4, block(32))),
            SchedulerKind::Credit => Box::new(Credit::new(0.9, block(32))),
            SchedulerKind::Eoser => Box::new(Eoser::new(steps(128), block(128))),
            SchedulerKind::Ass => Box::new(Ascending::default().late_ends(false)),
            SchedulerKind::EoserAss => Box::new(Ascending::default()),
            SchedulerKind::FreeDave => Box::new(FreeDave::new(4, block(32))),
            SchedulerKind::Remask => Box::new(Remask::new(steps(128), block(128))),
            SchedulerKind::Hierarchy => Box::new(Hierarchy::new(0.4, 0.9, block(32))),
        }
    }
}

/// There is no scheduler of that name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownScheduler(String);

impl std::fmt::Display for UnknownScheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = SchedulerKind::ALL.iter().map(|kind| kind.name()).collect();
        write!(
            f,
            "no scheduler is called {:?}; there are {}",
            self.0,
            names.join(", ")
        )
    }
}

impl std::error::Error for UnknownScheduler {}

impl FromStr for SchedulerKind {
    type Err = UnknownScheduler;

    fn from_str(name: &str) -> Result<SchedulerKind, UnknownScheduler> {
        let mut kinds = SchedulerKind::ALL.iter();
        let found = kinds.find(|kind| kind.name() == name);
        found
            .copied()
            .ok_or_else(|| UnknownScheduler(name.to_owned()))
    }
}

impl std::fmt::Display for SchedulerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
