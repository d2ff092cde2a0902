using AnalogTorch.Devices;

namespace AnalogTorch.Presets;

/// <summary>Devices with the parameters under which IBM aihwkit publishes them (simulator/presets/devices.py).</summary>
public static class DevicePresets
{
    /// <summary>Baseline device of Gokmen and Vlasov (2016).</summary>
    public static ConstantStep GokmenVlasov { get; } = new()
    {
        DwMin = 0.0016,
        Min = -1,
        Max = 1,
        UpDownVariation = 0.01,
        DwMinVariation = 0.3,
        MinVariation = 0.3,
        MaxVariation = 0.3,
        CycleNoise = 0.3,
    };

    /// <summary>An idealised device of about 10,000 steps.</summary>
    public static ConstantStep Idealized { get; } = new()
    {
        DwMin = 0.0002,
        Min = -1,
        Max = 1,
        UpDownVariation = 0,
        DwMinVariation = 0.3,
        MinVariation = 0.3,
        MaxVariation = 0.3,
        CycleNoise = 0.3,
    };

    /// <summary>ReRAM with exponential steps (Gong et al., Nature Communications 2018).</summary>
    public static ExpStep ReRamExp { get; } = new()
    {
        DwMin = 0.00135,
        Min = -1,
        Max = 1,
        UpDownBias = 0.259359,
        UpDownVariation = 0.05,
        DwMinVariation = 0.2,
        MinVariation = 0.3,
        MaxVariation = 0.3,
        CycleNoise = 5,
        UpRate = 5,
        DownRate = 5,
        UpAmplitude = -1.18445,
        DownAmplitude = -0.081404,
        Scale = -0.5,
        Shift = -0.5,
    };

    /// <summary>ReRAM with soft bounds; to be read against its symmetry point.</summary>
    public static SoftBounds ReRamSoftBounds { get; } = new()
    {
        DwMin = 0.002,
        Min = -0.75,
        Max = 1.25,
        UpDownVariation = 0.01,
        DwMinVariation = 0.3,
        MinVariation = 0.4,
        MaxVariation = 0.24,
        CycleNoise = 3.75,
    };

    /// <summary>Trench capacitor in 14 nm (Li et al., VLSI 2018).</summary>
    public static LinearStep Capacitor { get; } = new()
    {
        DwMin = 0.005,
        Min = -1,
        Max = 1,
        UpSlope = 0.05,
        DownSlope = 0.05,
        UpDownVariation = 0.06,
        DwMinVariation = 0.1,
        MinVariation = 0.07,
        MaxVariation = 0.07,
        CycleNoise = 0.3,
    };

    /// <summary>Lithium ECRAM (Tang et al., IEDM 2018).</summary>
    public static LinearStep EcRam { get; } = new()
    {
        DwMin = 0.002,
        Min = -0.8276,
        Max = 1.1724,
        UpSlope = 0.1153,
        DownSlope = 0.5085,
        UpDownVariation = 0.01,
        DwMinVariation = 0.1,
        MinVariation = 0.05,
        MaxVariation = 0.05,
        CycleNoise = 0.3,
    };

    /// <summary>Metal-oxide ECRAM.</summary>
    public static LinearStep EcRamMetalOxide { get; } = new()
    {
        DwMin = 2.8214e-4,
        Min = -0.8286,
        Max = 1.1714,
        UpSlope = 0.4152,
        DownSlope = 0.7342,
        UpDownVariation = 0.01,
        DwMinVariation = 0.1,
        MinVariation = 0.05,
        MaxVariation = 0.05,
        CycleNoise = 2,
    };

    /// <summary>ReRAM array (OM), about 21 states.</summary>
    /// <remarks>The source draws step sizes from a log-normal distribution; here they are normal, cut off at zero.</remarks>
    public static SoftBounds ReRamArrayOm { get; } = new()
    {
        DwMin = 0.0949,
        Min = -1,
        Max = 1,
        DwMinVariation = 0.7829,
        MinVariation = 0.35,
        MaxVariation = 0.57,
        CycleNoise = 0.4158,
    };

    /// <summary>ReRAM array (HfO₂), about 4 states.</summary>
    /// <inheritdoc cref="ReRamArrayOm"/>
    public static SoftBounds ReRamArrayHfO2 { get; } = new()
    {
        DwMin = 0.4622,
        Min = -1,
        Max = 1,
        DwMinVariation = 0.7125,
        MinVariation = 0.43,
        MaxVariation = 0.6,
        CycleNoise = 0.2174,
    };

    /// <summary>One-sided phase-change device of about two units of range (PCMPresetDevice); to be used in pairs.</summary>
    public static ExpStep Pcm { get; } = new()
    {
        DwMin = 0.01,
        Min = 0,
        Max = 2,
        MinVariation = 0,
        MaxVariation = 0.1,
        UpDownVariation = 0.05,
        DwMinVariation = 0.2,
        CycleNoise = 0.6,
        ResetMean = 0.01,
        ResetSpread = 0.02,
        NoiseFloor = 0.042,
        NoiseSlope = 0.108,
        UpRate = 2.5,
        DownRate = 2.5,
        UpAmplitude = -27.235,
        DownAmplitude = -2.235,
        Scale = -1,
        Shift = 0,
    };
}
