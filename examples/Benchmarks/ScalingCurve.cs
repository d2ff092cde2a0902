using System.Text.Json.Nodes;

namespace AnalogTorch.Examples.Benchmarks;

/// <summary>A quantity that grows with another, with the power law fitted to it.</summary>
internal sealed record ScalingCurve(string Name, double[] X, double[] Y)
{
    /// <summary>The exponent of the fitted power law.</summary>
    public double Exponent => PowerLaw.Fit(X, Y).Exponent;

    /// <summary>The curve as a plot draws it.</summary>
    public Curve ToCurve() => new(Name, X, Y);

    public JsonObject ToJson() => new()
    {
        ["name"] = Name,
        ["x"] = new JsonArray([.. X.Select(value => (JsonNode?)value)]),
        ["y"] = new JsonArray([.. Y.Select(value => (JsonNode?)value)]),
        ["exponent"] = double.IsFinite(Exponent) ? Exponent : null,
    };
}

/// <summary>Curves over one axis, the bounds that the machine sets them, and what had to be left out.</summary>
/// <param name="Name">Short name.</param>
/// <param name="XLabel">What x is, with its unit.</param>
/// <param name="YLabel">What y is, with its unit.</param>
/// <param name="Curves">What was measured.</param>
/// <param name="Bounds">What the machine's speeds allow at best.</param>
/// <param name="Notes">What was left out, and why.</param>
internal sealed record ScalingPlot(string Name, string XLabel, string YLabel, IReadOnlyList<ScalingCurve> Curves, IReadOnlyList<ScalingCurve> Bounds, IReadOnlyList<string> Notes);
