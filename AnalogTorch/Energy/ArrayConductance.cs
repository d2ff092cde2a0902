using AnalogTorch.Core;

namespace AnalogTorch.Energy;

/// <summary>The mean conductance that a read drives current through, for each weight.</summary>
public abstract record ArrayConductance : HardwareConfig
{
    /// <summary>All conductances of a weight together, each as often as its current counts (S).</summary>
    /// <param name="layer">The layer.</param>
    public abstract double Of(CensusLayer layer);
}

/// <summary>An assumed conductance: F·Ḡ_M + Ḡ_L, where Ḡ is the mean of the two conductances of a pair together.</summary>
public sealed record TypicalConductance : ArrayConductance
{
    /// <summary>Significance F of the more significant pair.</summary>
    [Unit("1")]
    public double Gain { get; init => field = NotNegative(value); } = 3;

    /// <summary>Both conductances of the more significant pair, Ḡ_M.</summary>
    [Unit("S")]
    public double MoreSignificant { get; init => field = NotNegative(value); } = 10 * Units.uS;

    /// <summary>Both conductances of the less significant pair, Ḡ_L.</summary>
    [Unit("S")]
    public double LessSignificant { get; init => field = NotNegative(value); } = 10 * Units.uS;

    /// <inheritdoc/>
    public override double Of(CensusLayer layer) => Gain * MoreSignificant + LessSignificant;

    /// <summary>The same at other conductances.</summary>
    /// <param name="factor">Factor on both.</param>
    public TypicalConductance Times(double factor) => this with { MoreSignificant = factor * MoreSignificant, LessSignificant = factor * LessSignificant };
}

/// <summary>The conductance that the simulated array holds, and an assumed one for layers that are in no array yet.</summary>
public sealed record MeasuredConductance : ArrayConductance
{
    /// <summary>Factor on what is measured, for a memory with the same weights at another scale.</summary>
    [Unit("1")]
    public double Scale { get; init => field = NotNegative(value); } = 1;

    /// <summary>For layers that hold no conductance.</summary>
    public TypicalConductance Otherwise { get; init => field = NotNull(value); } = new();

    /// <inheritdoc/>
    public override double Of(CensusLayer layer) => Scale * (layer.SiemensPerWeight ?? Otherwise.Of(layer));
}
