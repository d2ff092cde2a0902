using System.Globalization;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace AnalogTorch.Tests.Mutation;

/// <summary>
/// Puts many mutants into one library, behind a number that says which of them is alive: it is compiled once, and tests run in one process.
/// </summary>
/// <remarks>The body of every method that mutants change becomes a choice between whole bodies: that of each mutant, and the original.</remarks>
internal static class Switches
{
    /// <summary>The type, in the library, whose field <c>Number</c> tells the mutant that is alive; 0 for none.</summary>
    public const string TypeName = "AnalogTorch.ActiveMutant";

    /// <summary>The file that declares it.</summary>
    public const string Declaration = "namespace AnalogTorch { internal static class ActiveMutant { public static int Number; } }";

    /// <summary>Whether a mutant changes the body of a method, and not a field, say.</summary>
    public static bool CanSwitch(Mutant mutant) => BodyOf(Parse(mutant), mutant) is not null;

    /// <summary>A source file with some mutants of it behind the switch.</summary>
    /// <param name="mutants">Mutants of one file, each with its number.</param>
    public static string Write(IReadOnlyCollection<(int Number, Mutant Mutant)> mutants)
    {
        var root = Parse(mutants.First().Mutant);
        var text = root.ToFullString();
        var bodies = mutants.GroupBy(entry => BodyOf(root, entry.Mutant)!).OrderByDescending(group => group.Key.SpanStart);
        foreach (var group in bodies)
            text = text[..group.Key.SpanStart] + Choice(group.Key, group) + text[End(group.Key)..];
        return text;
    }

    private static SyntaxNode Parse(Mutant mutant) =>
        CSharpSyntaxTree.ParseText(File.ReadAllText(mutant.Path), new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();

    /// <summary>The body of the member that a mutant changes: a block, or what stands behind an arrow; null if it changes something else.</summary>
    private static SyntaxNode? BodyOf(SyntaxNode root, Mutant mutant)
    {
        var span = new TextSpan(root.ToFullString().IndexOf(mutant.Search, StringComparison.Ordinal), mutant.Search.Length);
        // Spaces and arrows around what is changed do not count.
        var parts = (Start: span.Start + mutant.Search.Length - mutant.Search.TrimStart(' ', '\n', '=', '>').Length,
            End: span.Start + mutant.Search.TrimEnd(' ', '\n', ';').Length);
        var inner = TextSpan.FromBounds(parts.Start, Math.Max(parts.End, parts.Start));
        return root.FindNode(inner).AncestorsAndSelf()
            .Where(node => node is ArrowExpressionClauseSyntax or BlockSyntax
                && node.Parent is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax or PropertyDeclarationSyntax)
            .FirstOrDefault(node => node.Span.Contains(inner));
    }

    /// <summary>Behind an arrow, the semicolon goes with it.</summary>
    private static int End(SyntaxNode body) => body is ArrowExpressionClauseSyntax ? body.GetLastToken().GetNextToken().Span.End : body.Span.End;

    private static string Choice(SyntaxNode body, IEnumerable<(int Number, Mutant Mutant)> mutants)
    {
        var original = body.SyntaxTree.GetRoot().ToFullString()[body.SpanStart..End(body)];
        var choice = new StringBuilder();
        foreach (var (number, mutant) in mutants)
            choice.Append(CultureInfo.InvariantCulture,
                $"if (global::{TypeName}.Number == {number}) {{ {Statements(body, Changed(mutant))} }} else ");
        choice.Append(CultureInfo.InvariantCulture, $"{{ {Statements(body, original)} }}");
        return body.Parent is PropertyDeclarationSyntax ? $"{{ get {{ {choice} }} }}" : $"{{ {choice} }}";

        string Changed(Mutant mutant)
        {
            // The text may begin before the body, as with an arrow, or end after it, as with a semicolon.
            var whole = mutant.Mutated();
            var grown = whole.Length - body.SyntaxTree.GetRoot().ToFullString().Length;
            return whole[body.SpanStart..(End(body) + grown)];
        }
    }

    /// <summary>Statements that do what a body does.</summary>
    private static string Statements(SyntaxNode body, string text)
    {
        if (body is BlockSyntax)
            return text;
        var expression = text[text.IndexOf("=>", StringComparison.Ordinal)..].TrimStart('=', '>', ' ');
        var isVoid = body.Parent is ConstructorDeclarationSyntax
            or AccessorDeclarationSyntax { Keyword.RawKind: (int)SyntaxKind.SetKeyword or (int)SyntaxKind.InitKeyword }
            || body.Parent is MethodDeclarationSyntax { ReturnType: PredefinedTypeSyntax { Keyword.RawKind: (int)SyntaxKind.VoidKeyword } };
        return isVoid || expression.StartsWith("throw ", StringComparison.Ordinal) ? expression : $"return {expression}";
    }
}
