using System.Text.RegularExpressions;

namespace AnalogTorch.Tests.Architecture;

/// <summary>Torch's global randomness, which the library must not touch; what else is banned stands in <c>AnalogTorch/BannedSymbols.txt</c>, which the compiler reads.</summary>
/// <remarks>A sampler that is given a generator is fine, which a list of symbols cannot say.</remarks>
public class BannedCallTests
{
    private static readonly (string Rule, Regex Pattern)[] Bans =
    [
        ("global seeding is the program's business", new Regex(@"\bmanual_seed\b")),
        ("torch's global samplers depend on the order of calls", new Regex(@"\b(rand|randn|randint|normal|bernoulli|multinomial|randperm|rand_like|randn_like|randint_like)\s*\((?![^;]*generator\s*:)")),
        ("torch's global samplers depend on the order of calls", new Regex(@"\.(uniform_|normal_|bernoulli_|random_|exponential_|log_normal_|geometric_|cauchy_)\s*\((?![^;]*generator\s*:)")),
    ];

    [Fact]
    public void NoSourceOfTheLibraryUsesThem() =>
        Assert.Empty(Repository.LibrarySources().Where(file => !file.Path.StartsWith("Native/")).SelectMany(file => Violations(file.Path, file.Text)));

    [Theory]
    [InlineData("torch.manual_seed(1);")]
    [InlineData("var x = torch.randn(3, 4);")]
    [InlineData("var x = torch.rand(shape, device: device);")]
    [InlineData("x.normal_(0, 1);")]
    public void TheCheckSeesThem(string line) => Assert.NotEmpty(Violations("a file", line));

    [Theory]
    [InlineData("return randn(shape, device: device, generator: generator);")]
    [InlineData("Noise.Normal(rng, shape);")]
    [InlineData("AfterReset(Tensor normal) => normal.mul(2);")]
    public void TheCheckLetsOthersPass(string line) => Assert.Empty(Violations("a file", line));

    private static IEnumerable<string> Violations(string path, string text) =>
        from line in text.Split('\n').Where(line => !line.TrimStart().StartsWith("//")).Select((line, index) => (Text: line, Number: index + 1))
        from ban in Bans
        where ban.Pattern.IsMatch(line.Text)
        select $"{path}: {line.Text.Trim()} — {ban.Rule}";
}
