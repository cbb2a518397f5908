//! The camera commands of the API and their names.

/// The camera commands of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the API's own and say it all")]
pub enum Move {
    TruckLeft,
    TruckRight,
    PanLeft,
    PanRight,
    PushIn,
    PullOut,
    PedestalUp,
    PedestalDown,
    TiltUp,
    TiltDown,
    ZoomIn,
    ZoomOut,
    Shake,
    TrackingShot,
    StaticShot,
}

impl Move {
    /// All commands, in the order of the API's documentation.
    pub const ALL: [Self; 15] = [
        Self::TruckLeft,
        Self::TruckRight,
        Self::PanLeft,
        Self::PanRight,
        Self::PushIn,
        Self::PullOut,
        Self::PedestalUp,
        Self::PedestalDown,
        Self::TiltUp,
        Self::TiltDown,
        Self::ZoomIn,
        Self::ZoomOut,
        Self::Shake,
        Self::TrackingShot,
        Self::StaticShot,
    ];

    /// The command of a stable id such as `push_in`.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.id() == id)
    }

    /// The stable id in snake case.
    pub fn id(self) -> &'static str {
        match self {
            Self::TruckLeft => "truck_left",
            Self::TruckRight => "truck_right",
            Self::PanLeft => "pan_left",
            Self::PanRight => "pan_right",
            Self::PushIn => "push_in",
            Self::PullOut => "pull_out",
            Self::PedestalUp => "pedestal_up",
            Self::PedestalDown => "pedestal_down",
            Self::TiltUp => "tilt_up",
            Self::TiltDown => "tilt_down",
            Self::ZoomIn => "zoom_in",
            Self::ZoomOut => "zoom_out",
            Self::Shake => "shake",
            Self::TrackingShot => "tracking_shot",
            Self::StaticShot => "static_shot",
        }
    }
}
