using AnalogTorch.Core;
using AnalogTorch.Laws;

namespace AnalogTorch.Tests;

/// <summary>The laws of a family, tried on every variant that the library has.</summary>
/// <typeparam name="TFamily">The family.</typeparam>
public abstract class LawsOf<TFamily>
{
    private static readonly Dictionary<(string Law, string Variant), Law> Known =
        LawSuite.Of(typeof(HardwareConfig).Assembly).Where(law => law.Family == typeof(TFamily)).ToDictionary(law => (law.Name, law.Variant.Name));

    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var (law, variant) in Known.Keys)
                cases.Add(law, variant);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Holds(string law, string variant) => Known[(law, variant)].Check();
}
