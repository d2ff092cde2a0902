using AnalogTorch.Core;

namespace AnalogTorch.Tests.Core;

public class UnitsTests
{
    [Theory]
    [InlineData(2.5e-5, "S", "25 µS")]
    [InlineData(2.4e-7, "s", "240 ns")]
    [InlineData(5.16e-3, "s", "5.16 ms")]
    [InlineData(0, "V", "0 V")]
    [InlineData(-0.5, "V", "-500 mV")]
    [InlineData(999.9999999e-6, "S", "1 mS")]
    [InlineData(86_400, "s", "86.4 ks")]
    [InlineData(0.001, "w", "0.001")]
    [InlineData(128, "1", "128")]
    [InlineData(1e-20, "S", "1E-05 fS")]
    public void NumbersAreWrittenWithThePrefixThatSuitsThem(double value, string unit, string text) => Assert.Equal(text, Units.Format(value, unit));

    [Fact]
    public void PrefixedUnitsAreSi() => Assert.Equal([1e-6, 1e-9, 86_400, 31_536_000], [1 * Units.uS, 1 * Units.ns, 1 * Units.Day, 1 * Units.Year]);
}
