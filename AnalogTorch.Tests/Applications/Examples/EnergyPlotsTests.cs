using AnalogTorch.Energy;
using AnalogTorch.Examples;
using AnalogTorch.Examples.Energy;

namespace AnalogTorch.Tests.Examples;

public class EnergyPlotsTests
{
    /// <summary>The legend of stacked bars has the colours of the bars, and lines keep theirs.</summary>
    [Fact]
    public void TheLegendHasTheColoursOfWhatItNames()
    {
        var bars = InlineSvg.Of(EnergyPlots.Stacked("energy [nJ]", [("a", new() { [CostComponent.Array] = 1, [CostComponent.Drivers] = 2 })]), 700, 400, "p");
        var legend = bars[..bars.IndexOf("<svg", StringComparison.Ordinal)];
        foreach (var (index, name) in new[] { "array", "drivers" }.Index())
            Assert.Contains($"background:{Plots.Hue(index).ToHex()}\"></i>{name}", legend, StringComparison.Ordinal);
        var lines = InlineSvg.Of(Plots.Lines("x", "y", new Curve("first", [0, 1], [0, 1]), new Curve("second", [0, 1], [1, 0])), 700, 400, "q");
        Assert.Contains($"background:{Plots.Hue(1).ToHex()}\"></i>second", lines, StringComparison.Ordinal);
    }
}
