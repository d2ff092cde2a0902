using Mono.Cecil;
using Mono.Cecil.Cil;

namespace AnalogTorch.Weaver;

/// <summary>Puts methods of <c>AnalogTorch.Layers.LedCalls</c> in the place of torch's where torch would bypass what a model was converted to.</summary>
/// <remarks>A call is replaced by one that takes and gives the same, so code, stack and symbols stay as they are.</remarks>
internal static class CallWeaver
{
    private const string Library = "AnalogTorch", Marker = "AnalogTorch.LedCalls";

    /// <summary>Weaves an assembly in place.</summary>
    /// <param name="path">The assembly.</param>
    /// <param name="references">The assemblies that it was compiled against.</param>
    /// <returns>Number of calls that were led; −1 for an assembly that has nothing to do with the library, or was woven before.</returns>
    public static int Weave(string path, IReadOnlyList<string> references)
    {
        var library = references.FirstOrDefault(reference => Path.GetFileNameWithoutExtension(reference) == Library);
        if (library is null)
            return -1;
        using var resolver = new References(references);
        var symbols = File.Exists(Path.ChangeExtension(path, ".pdb"));
        using var module = ModuleDefinition.ReadModule(
            new MemoryStream(File.ReadAllBytes(path)), new() { AssemblyResolver = resolver, ReadSymbols = symbols, SymbolStream = symbols ? Pdb(path) : null });
        if (module.Assembly.CustomAttributes.Any(IsMarker) || module.Assembly.Name.Name == Library)
            return -1;
        using var libraryModule = ModuleDefinition.ReadModule(library, new() { AssemblyResolver = resolver });
        var calls = new LedCalls(module, libraryModule.GetType("AnalogTorch.Layers", "LedCalls"));
        var led = module.GetTypes().Where(type => !IsLeft(type)).SelectMany(type => type.Methods).Where(method => method.HasBody).Sum(calls.Lead);
        Mark(module);
        Write(module, path, symbols);
        return led;
    }

    /// <summary>Whether a class, or one around it, asks to be left as it is by an attribute of this name, of whatever namespace.</summary>
    private static bool IsLeft(TypeDefinition? type) =>
        type is not null && (type.CustomAttributes.Any(attribute => attribute.AttributeType.Name == "NotLedToTilesAttribute") || IsLeft(type.DeclaringType));

    private static MemoryStream Pdb(string path) => new(File.ReadAllBytes(Path.ChangeExtension(path, ".pdb")));

    private static bool IsMarker(CustomAttribute attribute) =>
        attribute.AttributeType.Name == "AssemblyMetadataAttribute" && attribute.ConstructorArguments is [{ Value: Marker }, _];

    /// <summary>Notes in the assembly that it was woven, which the library asks when it looks for calls that bypass it.</summary>
    private static void Mark(ModuleDefinition module)
    {
        var text = module.TypeSystem.String;
        var type = new TypeReference("System.Reflection", "AssemblyMetadataAttribute", module, module.TypeSystem.CoreLibrary);
        var constructor = new MethodReference(".ctor", module.TypeSystem.Void, type) { HasThis = true };
        constructor.Parameters.Add(new(text));
        constructor.Parameters.Add(new(text));
        var mark = new CustomAttribute(module.ImportReference(constructor));
        mark.ConstructorArguments.Add(new(text, Marker));
        mark.ConstructorArguments.Add(new(text, "1"));
        module.Assembly.CustomAttributes.Add(mark);
    }

    /// <summary>Writes beside the file and renames, so that a build that is stopped leaves no half of one.</summary>
    private static void Write(ModuleDefinition module, string path, bool symbols)
    {
        var woven = path + ".woven";
        var pdb = new MemoryStream();
        module.Write(woven, new() { WriteSymbols = symbols, SymbolWriterProvider = symbols ? new PortablePdbWriterProvider() : null, SymbolStream = symbols ? pdb : null, DeterministicMvid = true });
        if (symbols)
            File.WriteAllBytes(Path.ChangeExtension(path, ".pdb"), pdb.ToArray());
        File.Move(woven, path, overwrite: true);
    }

    private sealed class References(IReadOnlyList<string> paths) : BaseAssemblyResolver
    {
        private readonly Dictionary<string, AssemblyDefinition> known = [];

        public override AssemblyDefinition Resolve(AssemblyNameReference name)
        {
            if (known.TryGetValue(name.Name, out var assembly))
                return assembly;
            var path = paths.FirstOrDefault(path => Path.GetFileNameWithoutExtension(path) == name.Name) ?? throw new AssemblyResolutionException(name);
            return known[name.Name] = AssemblyDefinition.ReadAssembly(path, new() { AssemblyResolver = this });
        }

        protected override void Dispose(bool disposing)
        {
            foreach (var assembly in known.Values)
                assembly.Dispose();
            base.Dispose(disposing);
        }
    }
}
